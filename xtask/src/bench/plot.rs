//! Curves as SVG: a row of panels with one x axis each, legible in light and in dark.

use std::fmt::Write;

/// One panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What is shown.
    pub title: String,
    /// In what unit.
    pub unit: String,
    /// Curves, two at most: so many are told apart.
    pub series: Vec<Series>,
    /// A bar that we set ourselves, and what it is called.
    pub bar: Option<(f64, String)>,
}

/// One curve.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name, beside its last point.
    pub name: String,
    /// Its points, by x.
    pub points: Vec<(f64, f64)>,
}

const PANEL_WIDTH: f64 = 300.0;
const HEIGHT: f64 = 290.0;
/// The curves' own rectangle in a panel.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 210.0;
const TOP: f64 = 62.0;
const BOTTOM: f64 = 236.0;
/// Names beside curves don't come nearer to each other than this.
const NAME_GAP: f64 = 15.0;
/// The most steps between the lines of a grid.
const STEPS_MAX: f64 = 5.0;

const STYLE: &str = "
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #3f4650 }
  .title { font-size: 14px; font-weight: 600; fill: #1f2328 }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .axis { stroke: #8b949e; stroke-width: 1 }
  .bar { stroke: #8b949e; stroke-width: 1.5; stroke-dasharray: 5 4 }
  .curve { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round }
  .a { stroke: #1f6feb } .b { stroke: #bc4c00 }
  .point { stroke: #ffffff; stroke-width: 1.5 }
  .pa, text.na { fill: #1f6feb } .pb, text.nb { fill: #bc4c00 }
  text.na, text.nb { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #b1bac4 } .title { fill: #f0f6fc }
    .grid { stroke: #30363d } .axis, .bar { stroke: #7d8590 }
    .a { stroke: #6cb6ff } .b { stroke: #f0883e }
    .point { stroke: #0d1117 }
    .pa, text.na { fill: #6cb6ff } .pb, text.nb { fill: #f0883e }
  }
";

/// The whole picture. `alt` says in words what it shows, `x` what the x axes are.
pub fn svg(panels: &[Panel], x: &str, alt: &str) -> String {
    let width = PANEL_WIDTH * f64::from(u16::try_from(panels.len()).unwrap_or(u16::MAX));
    let mut out = String::new();
    // Writing to a string can't fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {HEIGHT:.0}\" \
         width=\"{width:.0}\" height=\"{HEIGHT:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>",
        escaped(alt)
    );
    let mut offset = 0.0;
    for panel in panels {
        let _ = writeln!(out, "<g transform=\"translate({offset:.0} 0)\">");
        panel.draw(&mut out, x);
        out.push_str("</g>\n");
        offset += PANEL_WIDTH;
    }
    out.push_str("</svg>\n");
    out
}

impl Panel {
    fn draw(&self, out: &mut String, x: &str) {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x_max = points().map(|(x, _)| *x).fold(1.0, f64::max);
        let bar = self.bar.as_ref().map_or(0.0, |(bar, _)| *bar);
        let step = step(points().map(|(_, y)| *y).fold(bar, f64::max));
        let y_max = step * (points().map(|(_, y)| *y).fold(bar, f64::max) / step).ceil().max(1.0);
        let at = |(x, y): (f64, f64)| {
            (LEFT + (RIGHT - LEFT) * x / x_max, BOTTOM - (BOTTOM - TOP) * y / y_max)
        };
        let _ = writeln!(
            out,
            "<text class=\"title\" x=\"12\" y=\"24\">{}</text>",
            escaped(&self.title)
        );
        let _ = writeln!(out, "<text x=\"12\" y=\"42\">{}</text>", escaped(&self.unit));
        let mut line = 0.0;
        while line <= y_max + step / 2.0 {
            let (_, y) = at((0.0, line));
            let class = if line == 0.0 { "axis" } else { "grid" };
            let _ = writeln!(
                out,
                "<path class=\"{class}\" d=\"M{LEFT:.0} {y:.1}H{RIGHT:.0}\"/>\
                 <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                tick(line)
            );
            line += step;
        }
        self.draw_x(out, x, at);
        if let Some((bar, name)) = &self.bar {
            let (_, y) = at((0.0, *bar));
            let _ = writeln!(out, "<path class=\"bar\" d=\"M{LEFT:.0} {y:.1}H{RIGHT:.0}\"/>");
            self.name_beside(out, &[("", y, name.clone())], at);
        } else {
            self.name_beside(out, &[], at);
        }
        for (series, letter) in self.series.iter().zip(["a", "b"]) {
            let path: Vec<String> = series
                .points
                .iter()
                .map(|point| at(*point))
                .map(|(x, y)| format!("{x:.1} {y:.1}"))
                .collect();
            let _ = writeln!(out, "<path class=\"curve {letter}\" d=\"M{}\"/>", path.join("L"));
            for (x, y) in series.points.iter().map(|point| at(*point)) {
                let _ = writeln!(
                    out,
                    "<circle class=\"point p{letter}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>"
                );
            }
        }
    }

    fn draw_x(&self, out: &mut String, x: &str, at: impl Fn((f64, f64)) -> (f64, f64)) {
        let mut xs: Vec<f64> =
            self.series.iter().flat_map(|series| &series.points).map(|(x, _)| *x).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        for value in xs {
            let (place, _) = at((value, 0.0));
            let _ = writeln!(
                out,
                "<path class=\"axis\" d=\"M{place:.1} {BOTTOM:.0}v5\"/>\
                 <text x=\"{place:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                BOTTOM + 19.0,
                tick(value)
            );
        }
        let middle = f64::midpoint(LEFT, RIGHT);
        let _ = writeln!(
            out,
            "<text x=\"{middle:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
            BOTTOM + 38.0,
            escaped(x)
        );
    }

    /// Names of curves and bar at the right, moved apart where they would cover each other.
    fn name_beside(
        &self,
        out: &mut String,
        others: &[(&str, f64, String)],
        at: impl Fn((f64, f64)) -> (f64, f64),
    ) {
        let mut names = others.to_vec();
        for (series, class) in self.series.iter().zip(["na", "nb"]) {
            let last = series.points.last().map_or(BOTTOM, |point| at(*point).1);
            names.push((class, last, series.name.clone()));
        }
        names.sort_by(|one, other| one.1.total_cmp(&other.1));
        let places = apart(&names.iter().map(|name| name.1).collect::<Vec<_>>());
        for ((class, _, name), y) in names.iter().zip(places) {
            let class =
                if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
            let (x, y) = (RIGHT + 10.0, y + 4.0);
            let _ =
                writeln!(out, "<text{class} x=\"{x:.0}\" y=\"{y:.1}\">{}</text>", escaped(name));
        }
    }
}

/// Sorted places, each at least [`NAME_GAP`] below the one before it and none below the x axis.
fn apart(places: &[f64]) -> Vec<f64> {
    let mut out: Vec<f64> = Vec::new();
    for place in places {
        let least = out.last().map_or(f64::MIN, |last| last + NAME_GAP);
        out.push(place.max(least));
    }
    let beyond = out.last().map_or(0.0, |last| (last - BOTTOM).max(0.0));
    let mut limit = f64::MAX;
    for place in out.iter_mut().rev().filter(|_| beyond > 0.0) {
        *place = place.min(limit).min(BOTTOM);
        limit = *place - NAME_GAP;
    }
    out
}

/// A round step that gives a grid up to `max` at most [`STEPS_MAX`] of them.
fn step(max: f64) -> f64 {
    let least = max.max(1e-9) / STEPS_MAX;
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|part| part * power);
    steps.into_iter().find(|step| *step >= least * 0.999_999).unwrap_or(10.0 * power)
}

/// A number at an axis, without digits that say nothing.
fn tick(number: f64) -> String {
    let text =
        if number.fract().abs() < 1e-9 { format!("{number:.0}") } else { format!("{number:.2}") };
    if text.contains('.') { text.trim_end_matches('0').to_owned() } else { text }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(series: Vec<Series>) -> Panel {
        let bar = Some((10.0, "at most".to_owned()));
        Panel { title: "Rate & <more>".to_owned(), unit: "k/s".to_owned(), series, bar }
    }

    /// Every opened element is closed, in order; attributes are quoted.
    fn is_well_formed(xml: &str) -> bool {
        let mut open = Vec::new();
        for part in xml.split('<').skip(1) {
            let Some((tag, _)) = part.split_once('>') else { return false };
            if tag.matches('"').count() % 2 == 1 {
                return false;
            }
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop() != Some(name) {
                    return false;
                }
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap_or_default());
            }
        }
        open.is_empty()
            && !xml.replace("&amp;", "").replace("&lt;", "").replace("&quot;", "").contains('&')
    }

    #[test]
    fn the_picture_is_well_formed() {
        let series = |name: &str, y: f64| Series {
            name: name.to_owned(),
            points: vec![(1.0, y), (5.0, y + 1.0), (50.0, y * 2.0)],
        };
        let text =
            svg(&[panel(vec![series("a", 3.0), series("b", 3.1)]), panel(vec![])], "x", "a \"b\"");
        assert!(is_well_formed(&text), "{text}");
        assert_eq!(text.matches("<circle").count(), 6);
        assert_eq!(text.matches("<g ").count(), 2);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        for broken in ["<a><b></a>", "<a b=\"></a>", "<a>", "<a>&</a>"] {
            assert!(!is_well_formed(broken), "{broken}");
        }
    }

    #[test]
    fn grids_have_round_steps() {
        for (max, expected) in
            [(1.0, 0.2), (10.0, 2.0), (12.0, 2.5), (800.0, 200.0), (21.0, 5.0), (0.3, 0.1)]
        {
            assert!((step(max) - expected).abs() < 1e-9, "{max}: {}", step(max));
        }
        for (number, text) in [(0.0, "0"), (2.5, "2.5"), (1000.0, "1000"), (0.25, "0.25")] {
            assert_eq!(tick(number), text);
        }
    }

    #[test]
    fn names_are_moved_apart() {
        assert_eq!(apart(&[10.0, 12.0, 100.0]), [10.0, 25.0, 100.0]);
        assert_eq!(apart(&[230.0, 234.0]), [BOTTOM - NAME_GAP, BOTTOM]);
        assert_eq!(apart(&[]), Vec::<f64>::new());
    }
}
