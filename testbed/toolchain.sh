# shellcheck shell=bash
# Sourced by ./skep, ./check and examples/build: finds what a build needs, and installs what is missing.
#   find_jdk           sets and exports JAVA_HOME to a JDK 25
#   find_maven         sets MVN to a Maven >= 3.9.6 (fetched once into the cache); needs find_jdk first
#   need WHY NEED...   each NEED is COMMAND:PACKAGE or /FILE:PACKAGE; installs the packages of those that are missing
#   need_compilers     the same for the C compiler and headers of the build
#   SKEP_CACHE         folder for what may be fetched or built again

SKEP_CACHE=${SKEP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/skep}
MAVEN_VERSION=3.10.0

say() { printf '%s\n' "$*" >&2; }

# need WHY COMMAND:PACKAGE ...   Exit status 3 when something is missing and may not be installed.
need() {
  local why=$1 item missing=()
  shift
  for item in "$@"; do
    _present "${item%%:*}" || missing+=("${item##*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    say "Missing for $why: ${missing[*]}"
    say "Install as root: apt-get install --no-install-recommends ${missing[*]}"
    return 3
  fi
  say "Installing for $why: ${missing[*]}"
  _apt install "${missing[@]}" || { _apt update && _apt install "${missing[@]}"; } || {
    say "apt-get could not install: ${missing[*]} (see the messages above)"
    return 3
  }
}

# What the build needs besides JDK and Maven.
need_compilers() {
  need "the build of the guest's agent, a static C program" make:make gcc:gcc musl-gcc:musl-tools /usr/include/linux/random.h:linux-libc-dev /usr/include/stdio.h:libc6-dev
}

_present() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] ;;
  esac
}

_apt() {
  local verb=$1 options=(-q -y -o DPkg::Lock::Timeout=120)
  shift
  [ "$verb" = install ] && options+=(--no-install-recommends)
  DEBIAN_FRONTEND=noninteractive apt-get "$verb" "${options[@]}" "$@" </dev/null >&2
}

_is_jdk25() { [ -x "$1/bin/javac" ] && grep -qs '^JAVA_VERSION="25[."]' "$1/release"; }

find_jdk() {
  local home package
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*25* "$SKEP_CACHE"/tools/jdk-25* "$(_java_on_path)"; do
    if [ -n "$home" ] && _is_jdk25 "$home"; then
      export JAVA_HOME=$home
      return 0
    fi
  done
  for package in openjdk-25-jdk-headless temurin-25-jdk; do
    if [ -z "${SKEP_NO_INSTALL:-}" ] && apt-cache show "$package" >/dev/null 2>&1; then
      SKEP_NO_INSTALL=1
      need "the build (JDK 25)" "/no-jdk-25:$package" && find_jdk && return 0
    fi
  done
  say "JDK 25 not found: looked at JAVA_HOME (${JAVA_HOME:-unset}), /usr/lib/jvm/*25*, $SKEP_CACHE/tools/jdk-25* and PATH."
  say "Install one (Debian 13: apt-get install openjdk-25-jdk-headless), or unpack one into $SKEP_CACHE/tools/jdk-25."
  return 3
}

_java_on_path() {
  local java
  java=$(command -v javac) && java=$(readlink -f "$java") && printf '%s' "${java%/bin/javac}"
}

_maven_fits() {
  local version
  version=$("$1" -v 2>/dev/null </dev/null | sed -n 's/.*Apache Maven \([0-9.]*\).*/\1/p') || return 1
  [ -n "$version" ] && [ "$(printf '%s\n3.9.6\n' "$version" | sort -V | head -n 1)" = 3.9.6 ]
}

find_maven() {
  local cached=$SKEP_CACHE/tools/apache-maven-$MAVEN_VERSION old
  MVN=$cached/bin/mvn
  [ -x "$MVN" ] && return 0
  old=$(command -v mvn || true)
  if [ -n "$old" ] && _maven_fits "$old"; then
    MVN=$old
    return 0
  fi
  need "the build (Maven)" mvn:maven || return
  say "Fetching Maven $MAVEN_VERSION into $SKEP_CACHE/tools (this build needs >= 3.9.6)"
  if ! _fetch_maven "$cached"; then
    say "Maven $MAVEN_VERSION could not be fetched: is a Maven repository reachable?"
    return 3
  fi
}

# Two that fetch at once do not disturb each other: the first to finish wins.
_fetch_maven() {
  local new=$SKEP_CACHE/tools/.maven.$$
  mkdir -p "$new"
  (cd "$new" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.11.0:unpack \
    -Dartifact="org.apache.maven:apache-maven:$MAVEN_VERSION:zip:bin" -DoutputDirectory="$new") </dev/null >&2
  chmod +x "$new/apache-maven-$MAVEN_VERSION/bin/mvn" 2>/dev/null && mv -T "$new/apache-maven-$MAVEN_VERSION" "$1" 2>/dev/null
  rm -rf "$new"
  [ -x "$1/bin/mvn" ]
}

# Makes a Go module in this folder that builds programs of another one: NAME MODULE VERSION [options of go mod edit]. The
# checksums are those that the other one vouches for.
go_module_of() {
  local folder
  export GOFLAGS=-mod=mod CGO_ENABLED=0
  go mod init "$1" && go mod edit -require "$2@$3" "${@:4}" || return
  folder=$(go mod download -json "$2@$3" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p') || return
  cat "$folder/go.sum" >>go.sum
}
