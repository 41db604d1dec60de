//! One run as an SVG: lanes from top to bottom, minutes from left to right, to scale.

use std::fmt::Write as _;

use auth_core::{FLOOR, MAX_TRANSIENT_HOLD, RENEW_AT, RENEW_JITTER, Reason};

use super::{Asked, HERD, OUTAGE, Run};
use crate::script::HOUR;

pub(crate) struct Palette {
    ink: &'static str,
    faint: &'static str,
    line: &'static str,
    good: &'static str,
    bad: &'static str,
    warn: &'static str,
    token: &'static str,
}

pub(crate) fn draw(run: &Run, palette: &Palette) -> String {
    let mut picture = Picture { body: head(run, palette) };
    picture.haze(run);
    picture.axis();
    picture.vendor(run);
    picture.requests(run);
    picture.tokens(run);
    picture.calls(run);
    picture.body + "</svg>\n"
}

struct Picture {
    body: String,
}

impl Picture {
    /// What happens outside reaches through all lanes.
    fn haze(&mut self, run: &Run) {
        let (left, right) = (x(first_failure(run)), x(first_failure(run) + OUTAGE));
        let (width, height) = (right - left, BOTTOM - TOP);
        let _ = writeln!(
            self.body,
            "<rect class=\"bad haze\" x=\"{left:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"/>"
        );
        let at = x(run.rejected_at);
        self.line("moment", (at, TOKENS + STEP + BAR / 2.0), (at, CALLS + 17.5));
    }

    fn axis(&mut self) {
        for minute in (0..=LAST as u32).step_by(10) {
            let at = x(f64::from(minute));
            self.line("grid", (at, TOP), (at, BOTTOM));
            self.text("faint middle", (at, BOTTOM + 18.0), &format!("{minute}"));
        }
        self.text("faint end", (x(LAST), BOTTOM + 36.0), "minutes since the first call");
    }

    fn vendor(&mut self, run: &Run) {
        self.lane(VENDOR, "the vendor");
        let down = first_failure(run);
        let up = down + OUTAGE;
        self.bar("good soft", VENDOR, (0.0, down));
        self.bar("bad", VENDOR, (down, up));
        self.bar("good soft", VENDOR, (up, LAST));
        self.text("on middle", (x(down + OUTAGE / 2.0), VENDOR + 4.5), &format!("down for {OUTAGE} min"));
    }

    fn requests(&mut self, run: &Run) {
        self.lane(REQUESTS, "requests to it");
        for Asked { at, answered, .. } in &run.requests {
            if *answered {
                self.dot("good", (x(*at), REQUESTS), 5.0);
            } else {
                self.line("stroke-warn", (x(*at), REQUESTS - 8.0), (x(*at), REQUESTS + 8.0));
            }
        }
        let failed = run.requests.iter().filter(|asked| !asked.answered).count();
        let (first, last) = (first_failure(run), renewed(run));
        let words = format!("{failed} in the background, at most {} s apart", MAX_TRANSIENT_HOLD.as_secs());
        self.text("middle", (x((first + last) / 2.0), REQUESTS - 16.0), &words);
        self.text("start", (x(0.0), REQUESTS - 16.0), "one, for the first call");
        self.text("start", (x(run.rejected_at) - 4.0, REQUESTS - 16.0), &format!("one, for {HERD} callers"));
    }

    fn tokens(&mut self, run: &Run) {
        self.lane(TOKENS, "the token");
        let mut end_of_bar = Vec::new();
        let answered: Vec<f64> = run.requests.iter().filter(|asked| asked.answered).map(|asked| asked.at).collect();
        for (nth, from) in answered.iter().enumerate() {
            let next = answered.get(nth + 1).copied().unwrap_or(LAST);
            let y = TOKENS + STEP * nth as f64;
            self.bar("token soft", y, (*from, from + MINUTES_OF_LIFE));
            self.bar("token", y, (*from, next));
            end_of_bar.push((y, *from, next));
        }
        self.first_token(end_of_bar[0]);
        let (y, from, to) = end_of_bar[1];
        self.text("on start", (x(from) + 8.0, y + 4.5), "the next");
        self.text("warn start", (x(to) + 8.0, y + 4.5), "401: dropped");
        let (y, from, _) = end_of_bar[2];
        self.text("on start", (x(from) + 8.0, y + 4.5), "the one after");
    }

    /// Its renewal window above it, its end behind it.
    fn first_token(&mut self, (y, from, replaced): (f64, f64, f64)) {
        let [early, late] = [RENEW_AT - RENEW_JITTER, RENEW_AT].map(|share| from + share * MINUTES_OF_LIFE);
        self.text("on start", (x(from) + 8.0, y + 4.5), &format!("lives {MINUTES_OF_LIFE} min"));
        let above = y - BAR / 2.0 - 6.0;
        let bracket = format!("M{:.1} {:.1}v-5H{:.1}v5", x(early), above + 3.0, x(late));
        let _ = writeln!(self.body, "<path class=\"bracket\" d=\"{bracket}\"/>");
        let percent = |share: f64| (share * 100.0).round();
        let words = format!("renewal is due, at {} to {} %", percent(RENEW_AT - RENEW_JITTER), percent(RENEW_AT));
        self.text("end", (x(late), above - 8.0), &words);
        let end = from + MINUTES_OF_LIFE;
        let floor = end - FLOOR.as_secs_f64() / 60.0;
        self.line("stroke-ink", (x(floor), y - BAR / 2.0 - 3.0), (x(floor), y + BAR / 2.0 + 3.0));
        let words = format!("would be served until {} s before its end", FLOOR.as_secs());
        self.text("start", (x(end) + 6.0, y + 4.5), &words);
        debug_assert!(replaced < floor);
    }

    fn calls(&mut self, run: &Run) {
        self.lane(CALLS, "your calls");
        for at in &run.calls {
            self.dot("good", (x(*at), CALLS), 2.6);
        }
        let (at, arm) = (x(run.rejected_at), 5.0);
        self.line("stroke-warn", (at - arm, CALLS + 17.5 - arm), (at + arm, CALLS + 17.5 + arm));
        self.line("stroke-warn", (at - arm, CALLS + 17.5 + arm), (at + arm, CALLS + 17.5 - arm));
        self.text("warn end", (at - 12.0, CALLS + 22.0), "an API answers 401");
        let words =
            format!("one a minute: {} of {} got a token at once", run.calls.len() - run.harmed, run.calls.len());
        self.text("start", (x(0.0), CALLS + 22.0), &words);
    }

    fn lane(&mut self, y: f64, name: &str) {
        self.text("lane", (LEFT - 14.0, y + 4.5), name);
    }

    fn bar(&mut self, class: &str, y: f64, (from, to): (f64, f64)) {
        let (left, right) = (x(from), x(to.min(LAST)));
        let (width, top) = (right - left, y - BAR / 2.0);
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"3\"/>"
        );
    }

    fn dot(&mut self, class: &str, (x, y): (f64, f64), r: f64) {
        let _ = writeln!(self.body, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r}\"/>");
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ = writeln!(
            self.body,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), words: &str) {
        let _ = writeln!(self.body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>");
    }
}

/// Title and description for those who do not see it, and the look.
fn head(run: &Run, palette: &Palette) -> String {
    let Palette { ink, faint, line, good, bad, warn, token } = palette;
    let (down, failed) = (first_failure(run), run.requests.iter().filter(|asked| !asked.answered).count());
    let longest = MAX_TRANSIENT_HOLD.as_secs();
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title desc">
<title id="title">The life of a token</title>
<desc id="desc">A token of {MINUTES_OF_LIFE} minutes is due for renewal after {down:.0}. The vendor goes down at that moment, for {OUTAGE} minutes. {failed} requests in the background fail, at most {longest} s apart, and the next one succeeds; all the while calls are served from the old token. Later an API answers 401: the token is dropped, and {HERD} callers get a new one by one request.</desc>
<style>
text {{ font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: {ink}; }}
.lane {{ text-anchor: end; font-weight: 600; }}
.middle {{ text-anchor: middle; }}
.end {{ text-anchor: end; }}
.faint {{ fill: {faint}; }}
.good {{ fill: {good}; }}
.bad {{ fill: {bad}; }}
.warn {{ fill: {warn}; }}
.token {{ fill: {token}; }}
.soft {{ fill-opacity: .25; }}
.haze {{ fill-opacity: .08; }}
text.on {{ fill: #fff; font-weight: 600; }}
.grid {{ stroke: {line}; stroke-width: 1; }}
.stroke-warn {{ stroke: {warn}; stroke-width: 1.6; stroke-linecap: round; }}
.moment {{ stroke: {warn}; stroke-width: 1; stroke-dasharray: 3 3; }}
.stroke-ink {{ stroke: {ink}; stroke-width: 1.6; }}
.bracket {{ fill: none; stroke: {ink}; stroke-width: 1.4; }}
</style>
"#
    )
}

fn first_failure(run: &Run) -> f64 {
    run.requests.iter().find(|asked| !asked.answered).map_or(LAST, |asked| asked.at)
}

/// When the first renewal succeeded at last.
fn renewed(run: &Run) -> f64 {
    run.requests.iter().find(|asked| asked.answered && asked.why == Reason::Ahead).map_or(LAST, |asked| asked.at)
}

/// Where a minute is.
fn x(minute: f64) -> f64 {
    LEFT + (WIDTH - RIGHT - LEFT) * minute / LAST
}

/// For the light and the dark page.
pub(crate) const PALETTES: [(&str, Palette); 2] = [
    (
        "light",
        Palette {
            ink: "#1f2328",
            faint: "#59636e",
            line: "#d8dee4",
            good: "#1a7f37",
            bad: "#cf222e",
            warn: "#cf222e",
            token: "#0969da",
        },
    ),
    (
        "dark",
        Palette {
            ink: "#e6edf3",
            faint: "#9198a1",
            line: "#30363d",
            good: "#3fb950",
            bad: "#da3633",
            warn: "#ff7b72",
            token: "#1f6feb",
        },
    ),
];

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 124.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 352.0;
const VENDOR: f64 = 34.0;
const REQUESTS: f64 = 100.0;
const TOKENS: f64 = 172.0;
const STEP: f64 = 34.0;
const CALLS: f64 = 296.0;
const BAR: f64 = 24.0;
/// The last minute that is shown.
const LAST: f64 = 90.0;
const MINUTES_OF_LIFE: f64 = HOUR.as_secs() as f64 / 60.0;
