package dev.skep.oci;

import java.util.List;
import java.util.stream.Stream;

/**
 * The system calls that a container may make whatever their arguments are. Which they are is the
 * default profile of Docker (github.com/moby/profiles, {@code seccomp/default.json}) and containerd
 * ({@code contrib/seccomp}) for a container with {@link ContainerDefaults#CAPABILITIES} on Linux
 * 4.8 or later. Names that a machine or its libseccomp does not know are passed over by runc.
 */
final class SeccompCalls {
  private static final String FILES =
      """
      open openat openat2 creat close close_range read readv pread64 preadv preadv2 write writev
      pwrite64 pwritev pwritev2 lseek _llseek readahead sendfile sendfile64 copy_file_range splice
      tee vmsplice dup dup2 dup3 fcntl fcntl64 flock ioctl fsync fdatasync sync syncfs
      sync_file_range sync_file_range2 fallocate truncate truncate64 ftruncate ftruncate64
      fadvise64 fadvise64_64 cachestat pipe pipe2
      """;

  private static final String NAMES =
      """
      access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 newfstatat fstatat64
      statx statfs statfs64 fstatfs fstatfs64 statmount listmount getdents getdents64 getcwd chdir
      fchdir chroot mkdir mkdirat rmdir link linkat symlink symlinkat readlink readlinkat unlink
      unlinkat rename renameat renameat2 mknod mknodat chmod fchmod fchmodat fchmodat2 chown
      chown32 fchown fchown32 fchownat lchown lchown32 umask utime utimes futimesat utimensat
      utimensat_time64 getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr
      setxattrat listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr
      removexattrat inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark
      name_to_handle_at
      """;

  private static final String WAITING =
      """
      poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1
      epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2
      signalfd signalfd4 timerfd_create timerfd_settime timerfd_settime64 timerfd_gettime
      timerfd_gettime64 io_setup io_submit io_cancel io_getevents io_pgetevents
      io_pgetevents_time64 io_destroy pause
      """;

  private static final String SOCKETS =
      """
      socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername
      getsockopt setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg
      recvmmsg_time64
      """;

  private static final String MEMORY =
      """
      brk mmap mmap2 munmap mremap mprotect pkey_alloc pkey_free pkey_mprotect madvise
      process_mrelease mincore msync mlock mlock2 mlockall munlock munlockall mseal
      remap_file_pages map_shadow_stack memfd_create memfd_secret membarrier shmget shmat shmdt
      shmctl semget semop semtimedop semtimedop_time64 semctl msgget msgsnd msgrcv msgctl ipc
      mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive
      mq_timedreceive_time64
      """;

  private static final String PROCESSES =
      """
      fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill pidfd_open
      pidfd_send_signal ptrace process_vm_readv process_vm_writev prctl arch_prctl modify_ldt
      get_thread_area set_thread_area set_tls set_tid_address get_robust_list set_robust_list futex
      futex_time64 futex_wait futex_wake futex_requeue futex_waitv rseq restart_syscall seccomp
      landlock_create_ruleset landlock_add_rule landlock_restrict_self capget capset getpid getppid
      gettid getpgid getpgrp setpgid getsid setsid rt_sigaction rt_sigprocmask rt_sigpending
      rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_sigqueueinfo rt_tgsigqueueinfo
      rt_sigreturn sigaltstack sigprocmask sigreturn
      """;

  private static final String USERS =
      """
      getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32
      getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid
      setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32
      setfsgid setfsgid32 setgroups setgroups32
      """;

  private static final String TIME =
      """
      time times gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64
      clock_nanosleep clock_nanosleep_time64 nanosleep alarm getitimer setitimer timer_create
      timer_delete timer_settime timer_settime64 timer_gettime timer_gettime64 timer_getoverrun
      adjtimex clock_adjtime clock_adjtime64
      """;

  private static final String SCHEDULING =
      """
      sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam
      sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max
      sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 getpriority
      setpriority ioprio_get ioprio_set getcpu getrlimit ugetrlimit setrlimit prlimit64 getrusage
      """;

  private static final String HOST = "uname sysinfo getrandom";

  /** Of ARM alone. */
  private static final String ARM = "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush";

  static final List<String> ALLOWED =
      Stream.of(
              FILES, NAMES, WAITING, SOCKETS, MEMORY, PROCESSES, USERS, TIME, SCHEDULING, HOST, ARM)
          .flatMap(group -> group.strip().lines())
          .flatMap(line -> Stream.of(line.split(" ")))
          .toList();

  private SeccompCalls() {}
}
