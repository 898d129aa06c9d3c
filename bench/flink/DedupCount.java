import java.io.IOException;
import java.util.Locale;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.SimpleStreamFormat;
import org.apache.flink.connector.file.src.reader.StreamFormat;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.util.Collector;

/**
 * What Ledgerline's counting comes to for plain reports, as a Flink job: distinct plays by (user,
 * play_id), the longest time listened of each, and how many plays of each track reach 30 seconds.
 *
 * <p>Exactly-once checkpoints every second, two slots in one process, objects reused, buffers sent
 * when they are full. Each input file is read by one slot, so there should be two of them.
 *
 * <p>A job of fewer reports goes before the one that is measured: code that runs hot is compiled by
 * then, as it would be in a job that has run for a while.
 *
 * <p>Arguments: state backend (hashmap or rocksdb), checkpoint folder, output folder, the file to warm
 * up with, input files.
 */
public final class DedupCount {
    private static final int THRESHOLD_MS = 30_000;
    private static final int SLOTS = 2;

    private DedupCount() {}

    /** Runs both jobs and prints seconds and plays of the second one as JSON. */
    public static void main(String[] words) throws Exception {
        Path[] inputs = new Path[words.length - 4];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = new Path(words[i + 4]);
        }
        run(words[0], words[1] + "/warm", words[2] + "-warm", new Path(words[3]));
        JobExecutionResult result = run(words[0], words[1], words[2], inputs);
        double seconds = result.getNetRuntime() / 1000.0;
        long plays = result.<Long>getAccumulatorResult("plays");
        System.out.printf(Locale.ROOT, "{\"seconds\":%.3f,\"plays\":%d}%n", seconds, plays);
    }

    private static JobExecutionResult run(
            String backend, String checkpoints, String output, Path... inputs) throws Exception {
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(
                        SLOTS, settings(backend, checkpoints));

        FileSource<Tuple3<String, String, Integer>> source =
                FileSource.forRecordStreamFormat(new Reports(), inputs).build();
        environment
                .fromSource(source, WatermarkStrategy.noWatermarks(), "reports")
                .keyBy(report -> report.f0, Types.STRING)
                .process(new Dedup())
                .keyBy(counted -> counted.f0, Types.STRING)
                .process(new Count())
                .sinkTo(
                        FileSink.forRowFormat(
                                        new Path(output), new SimpleStringEncoder<String>())
                                .withBucketAssigner(new BasePathBucketAssigner<>())
                                .withRollingPolicy(OnCheckpointRollingPolicy.build())
                                .build());
        return environment.execute("dedup and count");
    }

    private static Configuration settings(String backend, String checkpoints) {
        Configuration settings = new Configuration();
        settings.setString("execution.checkpointing.interval", "1 s");
        settings.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
        settings.setString("execution.checkpointing.storage", "filesystem");
        settings.setString("execution.checkpointing.dir", new Path(checkpoints).toUri().toString());
        settings.setString("execution.checkpointing.incremental", "true");
        settings.setString("state.backend.type", backend);
        settings.setString("pipeline.object-reuse", "true");
        settings.setString("pipeline.generic-types", "false");
        settings.setString("execution.buffer-timeout.enabled", "false");
        settings.setString("taskmanager.numberOfTaskSlots", String.valueOf(SLOTS));
        settings.setString("taskmanager.memory.network.min", "256 mb");
        settings.setString("taskmanager.memory.network.max", "256 mb");
        // RocksDB works in managed memory; the hash tables of the other are on the heap.
        boolean managed = backend.equals("rocksdb");
        settings.setString("taskmanager.memory.managed.size", managed ? "2 gb" : "1 mb");
        settings.setString("rest.address", "127.0.0.1");
        settings.setString("rest.bind-address", "127.0.0.1");
        settings.setString("rest.bind-port", "0");
        return settings;
    }

    /** Lines of JSON as (user and play, track, milliseconds), without making text of the rest. */
    private static final class Reports extends SimpleStreamFormat<Tuple3<String, String, Integer>> {
        @Override
        public LineReader createReader(Configuration settings, FSDataInputStream stream) {
            return new LineReader(stream);
        }

        @Override
        public TypeInformation<Tuple3<String, String, Integer>> getProducedType() {
            return Types.TUPLE(Types.STRING, Types.STRING, Types.INT);
        }
    }

    private static final class LineReader
            implements StreamFormat.Reader<Tuple3<String, String, Integer>> {
        private final FSDataInputStream stream;
        private final JsonFactory factory = new JsonFactory();
        private byte[] buffer = new byte[1 << 20];
        private int from;
        private int to;

        LineReader(FSDataInputStream stream) {
            this.stream = stream;
        }

        @Override
        public Tuple3<String, String, Integer> read() throws IOException {
            int end = from;
            while (true) {
                while (end < to && buffer[end] != '\n') {
                    end++;
                }
                if (end < to) {
                    break;
                }
                int kept = to - from;
                System.arraycopy(buffer, from, buffer, 0, kept);
                if (kept == buffer.length) {
                    buffer = java.util.Arrays.copyOf(buffer, 2 * kept);
                }
                from = 0;
                to = kept;
                end = kept;
                int read = stream.read(buffer, to, buffer.length - to);
                if (read <= 0) {
                    return null;
                }
                to += read;
            }
            Tuple3<String, String, Integer> report = parse(from, end - from);
            from = end + 1;
            return report;
        }

        private Tuple3<String, String, Integer> parse(int at, int length) throws IOException {
            String user = "";
            String play = "";
            String track = "";
            int listened = 0;
            try (JsonParser parser = factory.createParser(buffer, at, length)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    switch (name) {
                        case "user_id" -> user = parser.getText();
                        case "play_id" -> play = parser.getText();
                        case "track_id" -> track = parser.getText();
                        case "duration_listened_ms" -> listened = parser.getIntValue();
                        default -> parser.skipChildren();
                    }
                }
            }
            return Tuple3.of(user + "/" + play, track, listened);
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }

    /** The longest time listened of each play; passes its track on when that reaches the threshold. */
    private static final class Dedup
            extends KeyedProcessFunction<
                    String, Tuple3<String, String, Integer>, Tuple2<String, Integer>> {
        private transient ValueState<Integer> listened;
        private final LongCounter plays = new LongCounter();

        @Override
        public void open(OpenContext context) {
            listened =
                    getRuntimeContext().getState(new ValueStateDescriptor<>("listened", Types.INT));
            getRuntimeContext().addAccumulator("plays", plays);
        }

        @Override
        public void processElement(
                Tuple3<String, String, Integer> report,
                Context context,
                Collector<Tuple2<String, Integer>> out)
                throws Exception {
            Integer before = listened.value();
            if (before == null) {
                plays.add(1);
            } else if (before >= report.f2) {
                return;
            }
            listened.update(report.f2);
            if (report.f2 >= THRESHOLD_MS && (before == null || before < THRESHOLD_MS)) {
                out.collect(Tuple2.of(report.f1, 1));
            }
        }
    }

    /** Counted plays of each track, told when there is nothing more. */
    private static final class Count
            extends KeyedProcessFunction<String, Tuple2<String, Integer>, String> {
        private transient ValueState<Long> count;

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        }

        @Override
        public void processElement(
                Tuple2<String, Integer> counted, Context context, Collector<String> out)
                throws Exception {
            Long before = count.value();
            if (before == null) {
                // Fires once, at the end of the input.
                context.timerService().registerEventTimeTimer(Long.MAX_VALUE);
            }
            count.update(before == null ? counted.f1 : before + counted.f1);
        }

        @Override
        public void onTimer(long at, OnTimerContext context, Collector<String> out)
                throws Exception {
            out.collect(context.getCurrentKey() + "," + count.value());
        }
    }
}
