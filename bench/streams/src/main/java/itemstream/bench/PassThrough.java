package itemstream.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/**
 * Reads every record, parses its JSON, writes it back out: what the other programs of the benchmark do.
 *
 * <p>Prints READY once its threads run with their partitions. Ends with 0 on SIGTERM, with 1 where a thread fails.
 */
public final class PassThrough {
    private static final Duration CLOSE = Duration.ofSeconds(20);

    private PassThrough() {}

    /** See {@link Options#USAGE}. */
    public static void main(String[] arguments) throws InterruptedException, IOException {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            System.err.print(Options.USAGE);
            System.exit(2);
            return;
        }
        Path stateFolder = Files.createTempDirectory("bench-streams-");
        options.settings.put(StreamsConfig.STATE_DIR_CONFIG, stateFolder.toString());
        KafkaStreams streams = new KafkaStreams(topology(options.input, options.output), options.settings);
        CountDownLatch failed = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(
                error -> {
                    error.printStackTrace();
                    failed.countDown();
                    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                });
        streams.setStateListener(
                (now, before) -> {
                    if (now == State.RUNNING) {
                        System.out.println("READY");
                        System.out.flush();
                    }
                });
        // SIGTERM runs this hook; the Java machine alone would then end with 143.
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    boolean closed = streams.close(CLOSE);
                                    remove(stateFolder);
                                    Runtime.getRuntime().halt(closed && failed.getCount() > 0 ? 0 : 1);
                                }));
        streams.start();
        failed.await();
        System.exit(1);
    }

    static Topology topology(String input, String output) {
        ObjectMapper json = new ObjectMapper();
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(input, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .mapValues(value -> rewritten(json, value))
                .to(output, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
        return builder.build();
    }

    private static byte[] rewritten(ObjectMapper json, byte[] value) {
        try {
            return json.writeValueAsBytes(json.readTree(value));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static void remove(Path folder) {
        try (Stream<Path> found = Files.walk(folder)) {
            List<Path> deepestFirst = found.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException stays) {
            System.err.println("The folder " + folder + " could not be removed: " + stays);
        }
    }
}
