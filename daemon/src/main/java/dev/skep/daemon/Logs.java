package dev.skep.daemon;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.skep.daemon.DaemonConfig.LogSettings;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets logging up in code: reading Logback's XML would take a tenth of the start. */
final class Logs {
  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} [%thread] %msg%n%ex{full}";

  private Logs() {}

  /** Warnings to standard error, until {@link #toFiles}; without any set-up Logback prints all. */
  static void toConsole() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    var appender = new ConsoleAppender<ILoggingEvent>();
    appender.setTarget("System.err");
    appender.setContext(context);
    start(context, appender, "warn");
  }

  /** Logs to {@code folder/skepd.log}, which rolls over. */
  static void toFiles(Path folder, LogSettings config) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    var appender = new RollingFileAppender<ILoggingEvent>();
    appender.setFile(folder.resolve("skepd.log").toString());
    appender.setContext(context);
    appender.setTriggeringPolicy(trigger(context, config));
    appender.setRollingPolicy(rolling(context, folder, config, appender));
    start(context, appender, config.level());
  }

  private static SizeBasedTriggeringPolicy<ILoggingEvent> trigger(
      LoggerContext context, LogSettings config) {
    var trigger = new SizeBasedTriggeringPolicy<ILoggingEvent>();
    trigger.setContext(context);
    trigger.setMaxFileSize(new FileSize(config.maxSize()));
    trigger.start();
    return trigger;
  }

  private static FixedWindowRollingPolicy rolling(
      LoggerContext context,
      Path folder,
      LogSettings config,
      FileAppender<ILoggingEvent> appender) {
    var rolling = new FixedWindowRollingPolicy();
    rolling.setContext(context);
    rolling.setFileNamePattern(folder.resolve("skepd.%i.log").toString());
    rolling.setMinIndex(1);
    rolling.setMaxIndex(Math.max(1, config.files() - 1));
    rolling.setParent(appender);
    rolling.start();
    return rolling;
  }

  private static void start(
      LoggerContext context, OutputStreamAppender<ILoggingEvent> appender, String level) {
    var encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    appender.setEncoder(encoder);
    appender.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.valueOf(level));
    root.addAppender(appender);
    context.getLogger("java.lang").setLevel(Level.INFO); // a stack trace for each process
    context.getLogger("jdk.event").setLevel(Level.INFO);
    context.getLogger("io.netty").setLevel(Level.WARN);
    context.getLogger("software.amazon.awssdk").setLevel(Level.WARN); // else each request, signed
    context.getLogger("io.helidon").setLevel(Level.WARN);
  }
}
