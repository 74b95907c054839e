package itemstream.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** The command line, as the settings of a Kafka Streams application. */
final class Options {
    static final String USAGE =
            """
            usage: run --input TOPIC --output TOPIC --group GROUP [option…]
              --bootstrap-servers HOST:PORT  (127.0.0.1:9092)
              --delivery at-least-once|exactly-once  (exactly-once)
              --threads N  stream threads (2)
              --tuning defaults|throughput|latency  settings to begin with (defaults: those of Kafka Streams)
              --commit-interval-ms MS, --linger-ms MS, --batch-size BYTES, --max-poll-records N, --poll-ms MS,
              --buffered-records N, --fetch-bytes BYTES  each over the tuning
              --set KEY=VALUE  any other setting of Kafka Streams, also more than once
            """;

    private static final Map<String, String> GUARANTEES =
            Map.of(
                    "at-least-once", StreamsConfig.AT_LEAST_ONCE,
                    "exactly-once", StreamsConfig.EXACTLY_ONCE_V2);

    private static final Map<String, String> SETTINGS =
            Map.ofEntries(
                    Map.entry("--bootstrap-servers", StreamsConfig.BOOTSTRAP_SERVERS_CONFIG),
                    Map.entry("--group", StreamsConfig.APPLICATION_ID_CONFIG),
                    Map.entry("--threads", StreamsConfig.NUM_STREAM_THREADS_CONFIG),
                    Map.entry("--commit-interval-ms", StreamsConfig.COMMIT_INTERVAL_MS_CONFIG),
                    Map.entry("--poll-ms", StreamsConfig.POLL_MS_CONFIG),
                    Map.entry("--buffered-records", StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG),
                    Map.entry("--linger-ms", StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG)),
                    Map.entry("--batch-size", StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG)),
                    Map.entry(
                            "--max-poll-records",
                            StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG)),
                    Map.entry(
                            "--fetch-bytes",
                            StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG)));

    /** What each tuning sets; everything else stays as Kafka Streams has it. */
    private static final Map<String, Map<String, String>> TUNINGS =
            Map.of(
                    "defaults",
                    Map.of(),
                    // Large polls and large batches; the commit interval is the default of exactly_once_v2.
                    "throughput",
                    Map.of(
                            "--commit-interval-ms", "100",
                            "--linger-ms", "5",
                            "--batch-size", "524288",
                            "--max-poll-records", "10000",
                            "--buffered-records", "20000",
                            "--fetch-bytes", "4194304"),
                    // A thread commits between two polls, so the wait of a poll delays a commit as much as its interval.
                    "latency",
                    Map.of("--commit-interval-ms", "1", "--linger-ms", "0", "--poll-ms", "1"));

    final String input;
    final String output;
    final Properties settings;

    private Options(String input, String output, Properties settings) {
        this.input = input;
        this.output = output;
        this.settings = settings;
    }

    /** Reads the command line. Throws IllegalArgumentException, one line, where it cannot be used. */
    static Options parse(String[] arguments) {
        Map<String, String> given = new HashMap<>();
        Properties settings = new Properties();
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " has no value");
            }
            String value = arguments[i + 1];
            if (arguments[i].equals("--set")) {
                String[] pair = value.split("=", 2);
                if (pair.length != 2) {
                    throw new IllegalArgumentException("--set takes KEY=VALUE, not " + value);
                }
                settings.put(pair[0], pair[1]);
            } else {
                given.put(arguments[i], value);
            }
        }
        String input = required(given, "--input");
        String output = required(given, "--output");
        String delivery = given.getOrDefault("--delivery", "exactly-once");
        String tuning = given.getOrDefault("--tuning", "defaults");
        given.remove("--delivery");
        given.remove("--tuning");
        settings.putIfAbsent(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, chosen(GUARANTEES, "--delivery", delivery));
        settings.putIfAbsent(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        given.putIfAbsent("--bootstrap-servers", "127.0.0.1:9092");
        given.putIfAbsent("--threads", "2");
        chosen(TUNINGS, "--tuning", tuning).forEach(given::putIfAbsent);
        if (!given.containsKey("--group")) {
            throw new IllegalArgumentException("--group is missing");
        }
        given.forEach((flag, value) -> settings.put(chosen(SETTINGS, "option", flag), value));
        return new Options(input, output, settings);
    }

    private static String required(Map<String, String> given, String flag) {
        String value = given.remove(flag);
        if (value == null) {
            throw new IllegalArgumentException(flag + " is missing");
        }
        return value;
    }

    private static <T> T chosen(Map<String, T> choices, String what, String name) {
        T choice = choices.get(name);
        if (choice == null) {
            throw new IllegalArgumentException(
                    what + " " + name + " is not known; it is one of "
                            + String.join(", ", choices.keySet().stream().sorted().toList()));
        }
        return choice;
    }
}
