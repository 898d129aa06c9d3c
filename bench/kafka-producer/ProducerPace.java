import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a node's intake comes to without HTTP, checks and records of its own: Kafka's Java producer sends
 * the very records that a node has written, in groups as large as the bodies that the node got, at the
 * same rate, to a topic of the same settings, and waits for each group until all of it is acknowledged.
 *
 * <p>Idempotent, acks=all, zstd, linger as the node has it. A group's time runs from when it was due, so
 * that a stall is seen by all that should have been sent in it. The first seconds, in which Java compiles
 * what it runs, aren't part of it.
 *
 * <p>Arguments: brokers, topic that is read, topic that is written, records of a group, records a second,
 * seconds, seconds before them.
 */
public final class ProducerPace {
    private static final int LINGER_MS = 2;

    private ProducerPace() {}

    /** Sends for that long, and prints milliseconds as JSON. */
    public static void main(String[] words) throws Exception {
        String to = words[2];
        int size = Integer.parseInt(words[3]);
        double rate = Double.parseDouble(words[4]);
        int before = (int) (Double.parseDouble(words[6]) * rate / size);
        int groups = before + (int) (Double.parseDouble(words[5]) * rate / size);
        List<List<ProducerRecord<byte[], byte[]>>> sent = groups(words[0], words[1], to, size, groups);
        long[] nanos = new long[groups];
        AtomicReference<Exception> failed = new AtomicReference<>();
        AtomicInteger left = new AtomicInteger(groups);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings(words[0]))) {
            producer.partitionsFor(to);
            long began = System.nanoTime();
            for (int index = 0; index < groups; index++) {
                long due = began + (long) (index * (size / rate) * 1e9);
                while (System.nanoTime() < due) {
                    LockSupport.parkNanos(due - System.nanoTime());
                }
                send(producer, sent.get(index), due, nanos, index, left, failed);
            }
            producer.flush();
        }
        if (failed.get() != null || left.get() != 0) {
            System.err.println(failed.get() + ", " + left.get() + " groups aren't acknowledged");
            System.exit(1);
        }
        print(Arrays.copyOfRange(nanos, before, groups));
    }

    private static void send(
            KafkaProducer<byte[], byte[]> producer,
            List<ProducerRecord<byte[], byte[]>> group,
            long due,
            long[] nanos,
            int index,
            AtomicInteger left,
            AtomicReference<Exception> failed) {
        AtomicInteger unacknowledged = new AtomicInteger(group.size());
        for (ProducerRecord<byte[], byte[]> record : group) {
            producer.send(
                    record,
                    (metadata, error) -> {
                        if (error != null) {
                            failed.set(error);
                        } else if (unacknowledged.decrementAndGet() == 0) {
                            nanos[index] = System.nanoTime() - due;
                            left.decrementAndGet();
                        }
                    });
        }
    }

    private static Properties settings(String brokers) {
        Properties settings = new Properties();
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "zstd");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 1 << 20);
        settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 128L << 20);
        return settings;
    }

    /** Reads as many records as are needed, each partition at its own pace, and groups them as they come. */
    private static List<List<ProducerRecord<byte[], byte[]>>> groups(
            String brokers, String from, String to, int size, int groups) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 64 << 10);
        List<List<ProducerRecord<byte[], byte[]>>> whole = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> all = new ArrayList<>();
            consumer.partitionsFor(from).forEach(it -> all.add(new TopicPartition(from, it.partition())));
            consumer.assign(all);
            List<List<ConsumerRecord<byte[], byte[]>>> parts = new ArrayList<>();
            all.forEach(it -> parts.add(new ArrayList<>()));
            for (long read = 0; read < (long) size * groups; ) {
                var records = consumer.poll(Duration.ofSeconds(5));
                if (records.isEmpty()) {
                    throw new IllegalStateException(read + " records are too few");
                }
                records.forEach(it -> parts.get(it.partition()).add(it));
                read += records.count();
            }
            spread(parts, to, size, groups, whole);
        }
        return whole;
    }

    /** Takes from each partition in proportion to what it has, so that every group is of all of them. */
    private static void spread(
            List<List<ConsumerRecord<byte[], byte[]>>> parts,
            String to,
            int size,
            int groups,
            List<List<ProducerRecord<byte[], byte[]>>> whole) {
        int[] taken = new int[parts.size()];
        for (int index = 0; index < groups; index++) {
            List<ProducerRecord<byte[], byte[]>> group = new ArrayList<>(size);
            while (group.size() < size) {
                int next = 0;
                for (int part = 1; part < taken.length; part++) {
                    double share = (double) taken[part] / parts.get(part).size();
                    if (share < (double) taken[next] / parts.get(next).size()) {
                        next = part;
                    }
                }
                ConsumerRecord<byte[], byte[]> record = parts.get(next).get(taken[next]++);
                group.add(new ProducerRecord<>(to, next, null, record.value()));
            }
            whole.add(group);
        }
    }

    private static void print(long[] nanos) {
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}%n",
                ms(nanos, 0.5),
                ms(nanos, 0.99),
                ms(nanos, 0.999),
                ms(nanos, 1));
    }

    private static double ms(long[] sorted, double share) {
        int rank = (int) Math.ceil(share * sorted.length);
        return sorted[Math.max(rank - 1, 0)] / 1e6;
    }
}
