//! How the view moves: eased zooms that keep a point of the picture under the cursor, pans, and a snapped rest.
//!
//! Time is passed in as seconds, so that every movement can be tested without a clock. While a zoom is under way the
//! corner is interpolated linearly in the zoom, which is exactly what keeps the anchor where it is; zoom itself is
//! interpolated exponentially, so that every doubling looks equally fast.

use crate::geometry::{MAX_ZOOM, Size, View};

/// How long a step of the wheel or a key takes, in seconds.
pub const STEP_SECS: f64 = 0.15;

/// How long the answer to a pinch takes: short, because fingers expect to be followed.
pub const PINCH_SECS: f64 = 0.06;

/// A goal that has stood this long, in seconds, is taken for the last one: notches of a turning wheel follow each other
/// faster.
const SETTLE_SECS: f64 = 0.05;

/// How much of the picture stays on the canvas however far it is dragged, in physical pixels.
const KEPT_ON_CANVAS: f64 = 64.0;

#[derive(Clone, Copy, Debug)]
struct Flight {
    /// The zoom of the last rest, and when it was left: by this flight or by one that it took over from.
    rest: (f64, f64),
    from: View,
    started_secs: f64,
    duration_secs: f64,
}

/// The view of one picture on one canvas, and where it is going.
#[derive(Clone, Debug)]
pub struct Motion {
    picture: Size,
    canvas: Size,
    /// Where the view rests once no flight is under way. Not snapped: fractions of a pixel add up while dragging.
    goal: View,
    flight: Option<Flight>,
    /// The last zoom's screen position and the image position that belongs there, as long as nothing else moved.
    anchor: Option<([f64; 2], [f64; 2])>,
    /// Whether the view follows the canvas's size, showing the whole picture.
    fits: bool,
}

impl Motion {
    /// The whole picture.
    pub fn new(picture: Size, canvas: Size) -> Self {
        let goal = View::fit(picture, canvas);
        Self { picture, canvas, goal, flight: None, anchor: None, fits: true }
    }

    /// The view at this time: snapped at rest.
    pub fn view(&self, now_secs: f64) -> View {
        match self.flight {
            Some(flight) => flight.at(self.goal.snapped(), now_secs),
            None => self.goal.snapped(),
        }
    }

    /// Where the view will be at rest.
    pub fn goal(&self) -> View {
        self.goal.snapped()
    }

    /// Ends a flight whose time is over.
    pub fn advance(&mut self, now_secs: f64) {
        if self.flight.is_some_and(|flight| flight.progress(now_secs) >= 1.0) {
            self.flight = None;
        }
    }

    /// Whether nothing moves.
    pub fn is_at_rest(&self) -> bool {
        self.flight.is_none()
    }

    /// In flight: the zoom of the last rest, and for how many seconds it has been left.
    pub fn departed(&self, now_secs: f64) -> Option<(f64, f64)> {
        self.flight.map(|Flight { rest: (zoom, left_secs), .. }| (zoom, now_secs - left_secs))
    }

    /// Whether nothing moves, or the movement under way has not been given another goal for a moment: then its goal is
    /// worth working for.
    pub fn is_settling(&self, now_secs: f64) -> bool {
        self.flight.is_none_or(|flight| now_secs - flight.started_secs >= SETTLE_SECS)
    }

    /// The smallest zoom: half of what fits, or ×1 for a picture that fits easily.
    fn min_zoom(&self) -> f64 {
        (0.5 * View::fit(self.picture, self.canvas).zoom).min(1.0)
    }

    /// Multiplies the zoom about a screen position, on top of whatever zoom is still under way.
    pub fn zoom_by(&mut self, factor: f64, on_screen: [f64; 2], now_secs: f64, duration_secs: f64) {
        self.zoom_to(self.goal.zoom * factor, on_screen, now_secs, duration_secs);
    }

    /// Moves to a zoom about a screen position.
    pub fn zoom_to(&mut self, zoom: f64, on_screen: [f64; 2], now_secs: f64, duration_secs: f64) {
        let zoom = zoom.clamp(self.min_zoom(), MAX_ZOOM);
        let in_image = self.anchor_at(on_screen, now_secs);
        let wanted = View::with_anchor(in_image, on_screen, zoom);
        self.fly_to(wanted, now_secs, duration_secs);
        self.anchor = (self.goal == wanted).then_some((on_screen, in_image));
    }

    /// Moves to the whole picture; it stays whole when the canvas changes.
    pub fn fit(&mut self, now_secs: f64) {
        self.fly_to(View::fit(self.picture, self.canvas), now_secs, STEP_SECS);
        self.fits = true;
    }

    /// Between ×1 about a screen position and the whole picture.
    pub fn toggle_fit(&mut self, on_screen: [f64; 2], now_secs: f64) {
        if self.goal.zoom == 1.0 {
            self.fit(now_secs);
        } else {
            self.zoom_to(1.0, on_screen, now_secs, STEP_SECS);
        }
    }

    /// Moves by a distance on the screen, a flight under way included.
    pub fn pan(&mut self, by_on_screen: [f64; 2]) {
        self.goal = self.kept_on_canvas(self.goal.panned(by_on_screen));
        if let Some(flight) = &mut self.flight {
            flight.from = flight.from.panned(by_on_screen);
        }
        (self.anchor, self.fits) = (None, false);
    }

    /// Moves an image position to the centre of the canvas, at the same zoom.
    pub fn center_on(&mut self, in_image: [f64; 2], now_secs: f64) {
        let now = self.view(now_secs).screen_from_image(in_image);
        let middle = [self.canvas.width as f64 / 2.0, self.canvas.height as f64 / 2.0];
        self.pan([middle[0] - now[0], middle[1] - now[1]]);
    }

    /// Takes over another canvas size: fitted again if it was fitted, else about the centre.
    pub fn resize(&mut self, canvas: Size) {
        let by = [
            (canvas.width as f64 - self.canvas.width as f64) / 2.0,
            (canvas.height as f64 - self.canvas.height as f64) / 2.0,
        ];
        self.canvas = canvas;
        (self.flight, self.anchor) = (None, None);
        let moved = self.goal.panned(by);
        self.goal = if self.fits { View::fit(self.picture, canvas) } else { self.kept_on_canvas(moved) };
    }

    fn fly_to(&mut self, goal: View, now_secs: f64, duration_secs: f64) {
        let from = self.view(now_secs);
        let rest = self.flight.map_or((from.zoom, now_secs), |flight| flight.rest);
        self.goal = self.kept_on_canvas(goal);
        self.flight =
            (from != self.goal.snapped()).then_some(Flight { rest, from, started_secs: now_secs, duration_secs });
        (self.anchor, self.fits) = (None, false);
    }

    /// The image position to hold under the cursor. The same cursor keeps the same position over any number of
    /// zooms, so that snapping never adds up.
    fn anchor_at(&self, on_screen: [f64; 2], now_secs: f64) -> [f64; 2] {
        match self.anchor {
            Some((screen, image)) if screen == on_screen => image,
            _ => self.view(now_secs).image_from_screen(on_screen),
        }
    }

    fn kept_on_canvas(&self, view: View) -> View {
        let keep = |corner: f64, canvas: usize, picture: usize| {
            let (canvas, extent) = (canvas as f64, picture as f64 * view.zoom);
            let kept = KEPT_ON_CANVAS.min(extent).min(canvas);
            corner.clamp(kept - extent, canvas - kept)
        };
        let [x, y] = view.corner_on_screen;
        View {
            zoom: view.zoom,
            corner_on_screen: [
                keep(x, self.canvas.width, self.picture.width),
                keep(y, self.canvas.height, self.picture.height),
            ],
        }
    }
}

impl Flight {
    fn progress(&self, now_secs: f64) -> f64 {
        ((now_secs - self.started_secs) / self.duration_secs).clamp(0.0, 1.0)
    }

    fn at(&self, goal: View, now_secs: f64) -> View {
        let eased = 1.0 - (1.0 - self.progress(now_secs)).powi(3);
        let from = self.from;
        let zoom = from.zoom * (goal.zoom / from.zoom).powf(eased);
        // Two zooms that are all but equal leave nothing to divide by: then it is a plain slide.
        let ratio_is_one = (goal.zoom / from.zoom - 1.0).abs() < 1e-6;
        let way = if ratio_is_one { eased } else { (zoom - from.zoom) / (goal.zoom - from.zoom) };
        let corner = |i: usize| from.corner_on_screen[i] + (goal.corner_on_screen[i] - from.corner_on_screen[i]) * way;
        View { zoom, corner_on_screen: [corner(0), corner(1)] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size::new(451, 300);
    const CANVAS: Size = Size::new(1200, 800);

    /// A small generator, so that the test needs no crate and always sees the same numbers.
    fn random(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as f64 / f64::from(1u32 << 31)
    }

    fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
        (a[0] - b[0]).abs().max((a[1] - b[1]).abs())
    }

    #[test]
    fn what_was_left_is_that_of_the_last_rest() {
        let mut motion = Motion::new(Size::new(400, 300), Size::new(400, 300));
        let rest = motion.view(0.0).zoom;
        assert_eq!(motion.departed(0.0), None);
        motion.zoom_by(2.0, [200.0, 150.0], 1.0, 0.15);
        // Another notch while it moves: the rest is still the same.
        motion.zoom_by(2.0, [200.0, 150.0], 1.05, 0.15);
        let (zoom, age_secs) = motion.departed(1.1).expect("it moves");
        assert!(zoom == rest && (age_secs - 0.1).abs() < 1e-9);
        motion.advance(2.0);
        assert_eq!(motion.departed(2.0), None);
    }

    #[test]
    fn a_hundred_random_zooms_keep_the_point_under_the_cursor() {
        let (mut motion, mut seed, mut now) = (Motion::new(PICTURE, CANVAS), 7, 0.0);
        let cursor = [611.0, 402.0];
        let anchor = motion.view(now).image_from_screen(cursor);
        for _ in 0..100 {
            let factor = 2f64.powf(random(&mut seed) * 2.0 - 0.9);
            motion.zoom_by(factor, cursor, now, STEP_SECS);
            for _ in 0..3 {
                now += random(&mut seed) * 0.08;
                motion.advance(now);
                let off = distance(motion.view(now).screen_from_image(anchor), cursor);
                assert!(off <= 0.5 + 1e-6, "off by {off} px");
            }
        }
    }

    #[test]
    fn retargeting_in_flight_holds_the_newest_cursor() {
        let mut motion = Motion::new(PICTURE, CANVAS);
        let fitted = motion.goal().zoom;
        motion.zoom_by(4.0, [500.0, 400.0], 0.0, STEP_SECS);
        let cursor = [700.0, 300.0];
        let anchor = motion.view(0.05).image_from_screen(cursor);
        motion.zoom_by(3.0, cursor, 0.05, STEP_SECS);
        for step in 0..30 {
            let now = 0.05 + f64::from(step) * 0.01;
            assert!(distance(motion.view(now).screen_from_image(anchor), cursor) <= 0.5 + 1e-6);
        }
        motion.advance(1.0);
        assert!((motion.view(1.0).zoom - 12.0 * fitted).abs() < 1e-9);
    }

    #[test]
    fn the_rest_is_snapped_and_within_the_limits() {
        let (mut motion, mut seed, mut now) = (Motion::new(PICTURE, CANVAS), 3, 0.0);
        for _ in 0..200 {
            let cursor = [random(&mut seed) * 1200.0, random(&mut seed) * 800.0];
            motion.zoom_by(10f64.powf(random(&mut seed) * 6.0 - 3.0), cursor, now, STEP_SECS);
            motion.pan([random(&mut seed) * 900.0 - 450.0, random(&mut seed) * 900.0 - 450.0]);
            now += 1.0;
            motion.advance(now);
            let view = motion.view(now);
            assert!(motion.is_at_rest() && view == view.snapped());
            assert!((motion.min_zoom()..=MAX_ZOOM).contains(&view.zoom));
            assert!(view.visible_output(PICTURE, CANVAS).is_some(), "lost the picture: {view:?}");
        }
    }

    #[test]
    fn at_a_thousandfold_of_a_huge_picture_a_pixel_is_a_pixel() {
        let mut motion = Motion::new(Size::new(30_000, 20_000), CANVAS);
        motion.zoom_to(1000.0, [611.0, 402.0], 0.0, STEP_SECS);
        motion.advance(1.0);
        for _ in 0..100 {
            let before = motion.view(1.0).corner_on_screen;
            motion.pan([1.0, -1.0]);
            let after = motion.view(1.0).corner_on_screen;
            assert_eq!([after[0] - before[0], after[1] - before[1]], [1.0, -1.0]);
        }
        let anchor = motion.view(1.0).image_from_screen([300.0, 200.0]);
        motion.zoom_by(0.999, [300.0, 200.0], 1.0, STEP_SECS);
        for step in 0..20 {
            let on_screen = motion.view(1.0 + f64::from(step) * 0.01).screen_from_image(anchor);
            assert!(distance(on_screen, [300.0, 200.0]) <= 0.5 + 1e-6, "{on_screen:?}");
        }
    }

    #[test]
    fn a_goal_is_worth_working_for_once_it_has_stood_a_moment() {
        let mut motion = Motion::new(PICTURE, CANVAS);
        assert!(motion.is_settling(0.0));
        for notch in 0..5 {
            let now = f64::from(notch) * 0.03;
            motion.zoom_by(1.25, [600.0, 400.0], now, STEP_SECS);
            assert!(!motion.is_settling(now + 0.029));
        }
        assert!(motion.is_settling(0.18) && !motion.is_at_rest());
    }

    #[test]
    fn slow_drags_add_up_although_the_view_is_snapped() {
        let mut motion = Motion::new(PICTURE, CANVAS);
        let before = motion.view(0.0).corner_on_screen;
        for _ in 0..10 {
            motion.pan([0.25, -0.25]);
        }
        let after = motion.view(0.0).corner_on_screen;
        assert!((after[0] - before[0] - 2.5).abs() <= 1.0 && (after[1] - before[1] + 2.5).abs() <= 1.0);
    }

    #[test]
    fn a_fitted_view_follows_the_canvas_and_a_chosen_one_keeps_its_centre() {
        let mut motion = Motion::new(PICTURE, CANVAS);
        motion.fit(0.0);
        motion.resize(Size::new(600, 800));
        assert_eq!(motion.view(0.0).zoom, 600.0 / 451.0);
        motion.zoom_to(5.0, [300.0, 400.0], 0.0, STEP_SECS);
        motion.advance(1.0);
        let center = motion.view(1.0).image_from_screen([300.0, 400.0]);
        motion.resize(Size::new(1000, 500));
        let now = motion.view(1.0).image_from_screen([500.0, 250.0]);
        assert!(distance(center, now) <= 0.5 / 5.0);
    }
}
