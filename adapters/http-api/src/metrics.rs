//! Numbers for the operator, as Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use ledgerline_app::metrics::{Metric, MetricKind};

use crate::authorisation::ENDPOINTS;

/// The statuses that have a number of their own; others are counted as 0.
const STATUSES: [u16; 22] = [
    200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 416, 422, 429, 499,
    500, 503, 0,
];

/// The client went away before it was answered; the number is nginx's.
const CLIENT_GONE: u16 = 499;

/// Upper bounds of the histogram of seconds.
const BUCKETS: [(f64, &str); 12] = [
    (0.001, "0.001"),
    (0.0025, "0.0025"),
    (0.005, "0.005"),
    (0.01, "0.01"),
    (0.025, "0.025"),
    (0.05, "0.05"),
    (0.1, "0.1"),
    (0.25, "0.25"),
    (0.5, "0.5"),
    (1.0, "1"),
    (5.0, "5"),
    (30.0, "30"),
];

#[derive(Debug, Default)]
struct EndpointMetrics {
    statuses: [AtomicU64; STATUSES.len()],
    buckets: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

/// What the HTTP side counts.
#[derive(Debug)]
pub(crate) struct HttpMetrics {
    /// One for each endpoint, and one for what is none.
    endpoints: Vec<EndpointMetrics>,
    in_flight: AtomicU64,
    bodies: AtomicU64,
    body_bytes: AtomicU64,
    unpacked_bytes: AtomicU64,
    unknown_fields: AtomicU64,
    rejected: Mutex<BTreeMap<&'static str, u64>>,
}

/// A request that is under way; counted when it ends.
pub(crate) struct Watch<'m> {
    metrics: &'m HttpMetrics,
    endpoint: usize,
    began: Instant,
    status: u16,
}

impl HttpMetrics {
    pub(crate) fn new() -> Self {
        Self {
            endpoints: (0..=ENDPOINTS.len()).map(|_| EndpointMetrics::default()).collect(),
            in_flight: AtomicU64::new(0),
            bodies: AtomicU64::new(0),
            body_bytes: AtomicU64::new(0),
            unpacked_bytes: AtomicU64::new(0),
            unknown_fields: AtomicU64::new(0),
            rejected: Mutex::default(),
        }
    }

    /// A request to the endpoint with this number in the table begins.
    pub(crate) fn begin(&self, endpoint: usize) -> Watch<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Watch {
            metrics: self,
            endpoint: endpoint.min(ENDPOINTS.len()),
            began: Instant::now(),
            status: CLIENT_GONE,
        }
    }

    pub(crate) fn body_read(&self, bytes: usize) {
        self.bodies.fetch_add(1, Ordering::Relaxed);
        self.body_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn unpacked(&self, bytes: usize, unknown_fields: u64) {
        self.unpacked_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.unknown_fields.fetch_add(unknown_fields, Ordering::Relaxed);
    }

    pub(crate) fn rejected(&self, by_code: &BTreeMap<&'static str, u64>) {
        if by_code.is_empty() {
            return;
        }
        let mut rejected = self.rejected.lock().expect("no holder panics");
        for (code, count) in by_code {
            *rejected.entry(code).or_default() += count;
        }
    }

    /// Everything, the deployment's numbers first.
    pub(crate) fn text(&self, deployment: &[Metric]) -> String {
        let mut out = String::new();
        write_deployment(&mut out, deployment);
        self.write_requests(&mut out);
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let rows = [
            ("requests_in_flight", "Requests under way.", "gauge", &self.in_flight),
            ("bodies_total", "Bodies read.", "counter", &self.bodies),
            ("body_bytes_total", "Bytes of bodies, as sent.", "counter", &self.body_bytes),
            (
                "unpacked_bytes_total",
                "Bytes of report bodies, unpacked.",
                "counter",
                &self.unpacked_bytes,
            ),
            (
                "unknown_fields_total",
                "Fields of reports that no report has.",
                "counter",
                &self.unknown_fields,
            ),
        ];
        for (name, help, kind, number) in rows {
            let name = format!("ledgerline_http_{name}");
            head(&mut out, &name, help, kind);
            line(&mut out, &name, &[], load(number));
        }
        let name = "ledgerline_http_reports_rejected_total";
        head(&mut out, name, "Reports refused, by code.", "counter");
        for (code, count) in self.rejected.lock().expect("no holder panics").iter() {
            line(&mut out, name, &[("code", code)], count);
        }
        out
    }

    fn write_requests(&self, out: &mut String) {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let name = "ledgerline_http_requests_total";
        head(out, name, "Requests answered, by endpoint and status.", "counter");
        for (endpoint, metrics) in self.endpoints.iter().enumerate() {
            let (method, path) = labels(endpoint);
            for (status, count) in STATUSES.iter().zip(&metrics.statuses) {
                if load(count) > 0 {
                    let status = status.to_string();
                    let labels = [("method", method), ("route", path), ("status", &status)];
                    line(out, name, &labels, load(count));
                }
            }
        }
        let name = "ledgerline_http_request_seconds";
        head(out, name, "How long requests took, by endpoint.", "histogram");
        for (endpoint, metrics) in self.endpoints.iter().enumerate() {
            let count: u64 = metrics.statuses.iter().map(load).sum();
            if count == 0 {
                continue;
            }
            let (method, path) = labels(endpoint);
            let bucket = format!("{name}_bucket");
            for ((_, bound), within) in BUCKETS.iter().zip(&metrics.buckets) {
                let labels = [("method", method), ("route", path), ("le", *bound)];
                // A request that ends in between may stand in its bucket already.
                line(out, &bucket, &labels, load(within).min(count));
            }
            line(out, &bucket, &[("method", method), ("route", path), ("le", "+Inf")], count);
            let labels = [("method", method), ("route", path)];
            let micros = load(&metrics.micros);
            let seconds = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            line(out, &format!("{name}_sum"), &labels, seconds);
            line(out, &format!("{name}_count"), &labels, count);
        }
    }
}

impl Watch<'_> {
    pub(crate) fn end(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let status = if std::thread::panicking() { 500 } else { self.status };
        let took = self.began.elapsed();
        let metrics = &self.metrics.endpoints[self.endpoint];
        let seconds = took.as_secs_f64();
        for ((bound, _), count) in BUCKETS.iter().zip(&metrics.buckets) {
            if seconds <= *bound {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        metrics.micros.fetch_add(micros(took), Ordering::Relaxed);
        let place = STATUSES.iter().position(|known| *known == status);
        metrics.statuses[place.unwrap_or(STATUSES.len() - 1)].fetch_add(1, Ordering::Relaxed);
        self.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn labels(endpoint: usize) -> (&'static str, &'static str) {
    match ENDPOINTS.get(endpoint) {
        Some(endpoint) => (endpoint.method.as_str(), endpoint.path),
        None => ("", "none"),
    }
}

fn write_deployment(out: &mut String, metrics: &[Metric]) {
    let mut previous = "";
    for metric in metrics {
        if metric.name != previous {
            let kind = match metric.kind {
                MetricKind::Counter => "counter",
                MetricKind::Gauge => "gauge",
            };
            head(out, metric.name, metric.help, kind);
            previous = metric.name;
        }
        let labels: Vec<(&str, &str)> =
            metric.labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
        line(out, metric.name, &labels, metric.value);
    }
}

fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    out.push_str(name);
    for (index, (label, text)) in labels.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{label}=\"{text}\"");
    }
    if !labels.is_empty() {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_prometheus_text() {
        let metrics = HttpMetrics::new();
        metrics.begin(0).end(StatusCode::ACCEPTED);
        metrics.begin(usize::MAX).end(StatusCode::IM_A_TEAPOT);
        drop(metrics.begin(0));
        metrics.body_read(12);
        metrics.rejected(&BTreeMap::from([("wrong_type", 3)]));
        let metric = Metric {
            name: "ledgerline_log_end",
            help: "Position after the last durable record.",
            kind: MetricKind::Gauge,
            labels: vec![("partition", "a\"b\\".to_owned())],
            value: 7,
        };
        let text = metrics.text(&[metric]);
        for expected in [
            "# TYPE ledgerline_log_end gauge\nledgerline_log_end{partition=\"a\\\"b\\\\\"} 7\n",
            "ledgerline_http_requests_total{method=\"POST\",route=\"/api/v1/playback/report\",status=\"202\"} 1\n",
            "status=\"499\"} 1\n",
            "ledgerline_http_requests_total{method=\"\",route=\"none\",status=\"0\"} 1\n",
            "route=\"/api/v1/playback/report\",le=\"+Inf\"} 2\n",
            "ledgerline_http_request_seconds_count{method=\"POST\",route=\"/api/v1/playback/report\"} 2\n",
            "ledgerline_http_requests_in_flight 0\n",
            "ledgerline_http_body_bytes_total 12\n",
            "ledgerline_http_reports_rejected_total{code=\"wrong_type\"} 3\n",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let distinct: std::collections::BTreeSet<&&str> = names.iter().collect();
        assert_eq!(names.len(), distinct.len(), "each family has one head");
    }
}
