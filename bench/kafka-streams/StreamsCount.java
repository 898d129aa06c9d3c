import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/**
 * What Ledgerline's counting comes to for plain reports, as a Kafka Streams application on the very
 * topic that a node judges: distinct plays by (user, play_id), the longest time listened of each, and
 * how many plays of each track reach 30 seconds.
 *
 * <p>Exactly once (v2), two threads, state in RocksDB with changelogs. All reports of a listener are in
 * one partition already, so nothing is partitioned again: each partition counts its tracks, and whoever
 * asks adds them up, as with us. Commits come once a second instead of ten times, caches in front of
 * the stores take what is changed again in between, and batches of the changelogs are large.
 *
 * <p>The clock runs from the first record that is processed until the position of the end is committed
 * for every partition.
 *
 * <p>Arguments: brokers, topic, folder for state, file for the counts, most seconds that it may take.
 */
public final class StreamsCount {
    private static final int THRESHOLD_MS = 30_000;
    private static final int THREADS = 2;
    private static final long CACHE_BYTES = 512L << 20;
    private static final AtomicLong FIRST_NANOS = new AtomicLong();
    private static final AtomicBoolean FAILED = new AtomicBoolean();

    private StreamsCount() {}

    /** Runs to the end that the topic has now, and prints seconds and plays as JSON. */
    public static void main(String[] words) throws Exception {
        String brokers = words[0];
        String topic = words[1];
        Properties settings = settings(brokers, words[2]);
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", brokers));
                KafkaStreams streams = new KafkaStreams(topology(topic), settings)) {
            Map<TopicPartition, Long> ends = ends(admin, topic);
            streams.setUncaughtExceptionHandler(
                    error -> {
                        error.printStackTrace();
                        FAILED.set(true);
                        return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler
                                .StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                    });
            streams.start();
            long limit = System.nanoTime() + Long.parseLong(words[4]) * 1_000_000_000L;
            while (!isCommitted(admin, topic, ends)) {
                if (FAILED.get() || System.nanoTime() > limit) {
                    System.err.println(FAILED.get() ? "it failed" : "it takes too long");
                    System.exit(1);
                }
                Thread.sleep(10);
            }
            double seconds = (System.nanoTime() - FIRST_NANOS.get()) / 1e9;
            writeCounts(streams, Path.of(words[3]));
            long plays = plays(streams);
            System.out.printf(Locale.ROOT, "{\"seconds\":%.3f,\"plays\":%d}%n", seconds, plays);
        }
    }

    private static Properties settings(String brokers, String folder) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams-count");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, THREADS);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1_000);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, Rocks.class);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 10_000);
        settings.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1 << 18);
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
        settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 << 20);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 50);
        settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 128L << 20);
        settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        return settings;
    }

    /** A block cache for all stores, and larger tables in memory than the default's. */
    public static final class Rocks implements RocksDBConfigSetter {
        private static final LRUCache BLOCKS = new LRUCache(256L << 20);

        @Override
        public void setConfig(String store, Options options, Map<String, Object> settings) {
            BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
            table.setBlockCache(BLOCKS);
            options.setTableFormatConfig(table);
            options.setWriteBufferSize(32L << 20);
        }

        @Override
        public void close(String store, Options options) {
            // The cache is everybody's and stays.
        }
    }

    private static Topology topology(String topic) {
        StoreBuilder<KeyValueStore<Bytes, Integer>> plays =
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("plays"),
                                Serdes.Bytes(),
                                Serdes.Integer())
                        .withCachingEnabled();
        StoreBuilder<KeyValueStore<Bytes, Long>> counts =
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("counts"),
                                Serdes.Bytes(),
                                Serdes.Long())
                        .withCachingEnabled();
        return new Topology()
                .addSource(
                        "reports",
                        Serdes.ByteArray().deserializer(),
                        Serdes.ByteArray().deserializer(),
                        topic)
                .addProcessor("count", Count::new, "reports")
                .addStateStore(plays, "count")
                .addStateStore(counts, "count");
    }

    private static final class Count implements Processor<byte[], byte[], Void, Void> {
        private KeyValueStore<Bytes, Integer> plays;
        private KeyValueStore<Bytes, Long> counts;
        private final Report report = new Report();

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            plays = context.getStateStore("plays");
            counts = context.getStateStore("counts");
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            if (FIRST_NANOS.get() == 0) {
                FIRST_NANOS.compareAndSet(0, System.nanoTime());
            }
            if (!report.read(record.value())) {
                return;
            }
            Integer before = plays.get(report.play);
            if (before != null && before >= report.listenedMs) {
                return;
            }
            plays.put(report.play, report.listenedMs);
            boolean isLong = report.listenedMs >= THRESHOLD_MS;
            if (isLong && (before == null || before < THRESHOLD_MS)) {
                Long sum = counts.get(report.track);
                counts.put(report.track, sum == null ? 1L : sum + 1);
            }
        }
    }

    /** Version 2 of a report's record: see core/records. */
    private static final class Report {
        private static final int KIND = 1;
        private static final int VERSION = 2;
        private static final int USER = 1;
        private static final int PLAY_ID = 1 << 1;
        private static final int STARTED = 1 << 2;
        private static final int SENT = 1 << 3;
        private static final int EVENT = 1 << 4;
        private static final int REVISION = 1 << 13;
        private static final int LENGTH = 1 << 15;
        private static final int BACKFILLED = 1 << 20;
        private static final int GRANT_VALID = 1 << 21;
        private static final int BACKFILLED_AT_END = 1 << 24;
        // Which of the lengths behind the track's are there: tier, territory, device, session, quality.
        private static final int[] LATER = {1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 16};
        private static final int CONTEXT = 1 << 19;
        private static final int INSTANT_BYTES = 6;

        private byte[] bytes;
        private int at;
        private Bytes play;
        private Bytes track;
        private int listenedMs;

        /** Whether it is a report; the log has other records too. */
        boolean read(byte[] from) {
            bytes = from;
            if (bytes[0] != KIND) {
                return false;
            }
            if (bytes[1] != VERSION) {
                throw new IllegalArgumentException("version " + bytes[1] + " of a report");
            }
            at = 2;
            long bits = number();
            at += 1;
            listenedMs = Math.toIntExact(number());
            skipIf(bits, STARTED, INSTANT_BYTES);
            skipIf(bits, SENT, INSTANT_BYTES);
            skipIf(bits, EVENT, 1);
            if ((bits & REVISION) != 0) {
                number();
            }
            if ((bits & LENGTH) != 0) {
                number();
            }
            if ((bits & BACKFILLED_AT_END) == 0) {
                skipIf(bits, BACKFILLED, INSTANT_BYTES);
            }
            skipIf(bits, GRANT_VALID, 2 * INSTANT_BYTES);
            int source = (int) number();
            int user = (bits & USER) == 0 ? 0 : (int) number();
            int id = (bits & PLAY_ID) == 0 ? 0 : (int) number();
            int name = (int) number();
            for (int later : LATER) {
                if ((bits & later) != 0) {
                    number();
                }
            }
            if ((bits & CONTEXT) != 0) {
                number();
                number();
            }
            // Listener and play stand side by side, and all ids of plays have one length in this input.
            int fromUser = at + source;
            play = Bytes.wrap(Arrays.copyOfRange(bytes, fromUser, fromUser + user + id));
            int fromTrack = fromUser + user + id;
            track = Bytes.wrap(Arrays.copyOfRange(bytes, fromTrack, fromTrack + name));
            return true;
        }

        private void skipIf(long bits, int bit, int length) {
            if ((bits & bit) != 0) {
                at += length;
            }
        }

        private long number() {
            long value = 0;
            for (int shift = 0; ; shift += 7) {
                byte next = bytes[at++];
                value |= (long) (next & 0x7f) << shift;
                if (next >= 0) {
                    return value;
                }
            }
        }
    }

    private static Map<TopicPartition, Long> ends(Admin admin, String topic) throws Exception {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        admin.describeTopics(java.util.List.of(topic))
                .allTopicNames()
                .get()
                .get(topic)
                .partitions()
                .forEach(it -> asked.put(new TopicPartition(topic, it.partition()), OffsetSpec.latest()));
        Map<TopicPartition, Long> ends = new HashMap<>();
        admin.listOffsets(asked).all().get().forEach((of, it) -> ends.put(of, it.offset()));
        return ends;
    }

    private static boolean isCommitted(Admin admin, String topic, Map<TopicPartition, Long> ends)
            throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed;
        try {
            committed =
                    admin.listConsumerGroupOffsets("streams-count")
                            .partitionsToOffsetAndMetadata()
                            .get();
        } catch (java.util.concurrent.ExecutionException error) {
            // There is no such group before it has begun.
            return false;
        }
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            OffsetAndMetadata at = committed.get(end.getKey());
            if (end.getValue() > 0 && (at == null || at.offset() < end.getValue())) {
                return false;
            }
        }
        return true;
    }

    private static <V> ReadOnlyKeyValueStore<Bytes, V> store(KafkaStreams streams, String name) {
        return streams.store(
                StoreQueryParameters.fromNameAndType(
                        name, QueryableStoreTypes.<Bytes, V>keyValueStore()));
    }

    private static void writeCounts(KafkaStreams streams, Path file) throws IOException {
        Map<Bytes, Long> sums = new HashMap<>();
        try (KeyValueIterator<Bytes, Long> counts = StreamsCount.<Long>store(streams, "counts").all()) {
            while (counts.hasNext()) {
                KeyValue<Bytes, Long> count = counts.next();
                sums.merge(count.key, count.value, Long::sum);
            }
        }
        try (PrintWriter to = new PrintWriter(Files.newBufferedWriter(file))) {
            sums.forEach((track, sum) -> to.println(text(track) + "," + sum));
        }
    }

    private static String text(Bytes bytes) {
        return new String(bytes.get(), StandardCharsets.UTF_8);
    }

    private static long plays(KafkaStreams streams) {
        long number = 0;
        try (KeyValueIterator<Bytes, Integer> all = StreamsCount.<Integer>store(streams, "plays").all()) {
            while (all.hasNext()) {
                all.next();
                number++;
            }
        }
        return number;
    }
}
