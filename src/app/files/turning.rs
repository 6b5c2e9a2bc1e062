//! From the turns of a wheel to steps from picture to picture.
//!
//! A notch of an ordinary wheel is a picture. A wheel without notches, or fingers that some systems report as one, send
//! many small parts of a notch: they add up, and pictures follow each other no faster than a person sees.

/// Notches at once that count: more come from wheels that run freely.
const MOST: f32 = 3.0;

/// Parts of a notch are forgotten after a pause as long as this, in seconds.
const FORGET_SECS: f64 = 0.4;

/// The least time between two pictures where parts of notches add up, in seconds.
const HOLD_SECS: f64 = 0.15;

/// Sums of parts are a little less than they should be.
const ALMOST: f32 = 0.999;

/// A turn of the wheel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// How far, in notches; towards the person is negative.
    pub notches: f32,
    /// Whether the wheel has no notches.
    pub is_smooth: bool,
}

/// What has been turned so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turning {
    /// Parts of a notch that have not become a picture yet.
    parts: f32,
    turned_secs: f64,
    /// When the last picture came of parts, if one did.
    stepped_secs: Option<f64>,
}

impl Turning {
    /// How many pictures a turn goes back, or forward if it is negative.
    pub fn steps(&mut self, turn: Turn, now_secs: f64) -> i32 {
        let Turn { notches, is_smooth } = turn;
        if now_secs - self.turned_secs > FORGET_SECS || notches * self.parts < 0.0 {
            self.parts = 0.0;
        }
        self.turned_secs = now_secs;
        if !is_smooth && notches.abs() >= 1.0 {
            self.parts = 0.0;
            return notches.clamp(-MOST, MOST) as i32;
        }
        // Of what is turned while a picture stands, the next one is all that is kept.
        self.parts = (self.parts + notches).clamp(-1.5, 1.5);
        let holds = self.stepped_secs.is_some_and(|stepped| now_secs - stepped < HOLD_SECS);
        if holds || self.parts.abs() < ALMOST {
            return 0;
        }
        let step = self.parts.signum();
        self.parts -= step;
        self.stepped_secs = Some(now_secs);
        step as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of turns that come at even intervals.
    fn steps(notches: f32, is_smooth: bool, count: usize, interval_secs: f64) -> Vec<i32> {
        let mut turning = Turning::default();
        (0..count).map(|i| turning.steps(Turn { notches, is_smooth }, 10.0 + i as f64 * interval_secs)).collect()
    }

    #[test]
    fn a_notch_is_a_picture() {
        assert_eq!(steps(-1.0, false, 4, 0.02), [-1; 4]);
        assert_eq!(steps(2.0, false, 1, 0.0), [2]);
        assert_eq!(steps(40.0, false, 1, 0.0), [3], "a wheel that runs freely");
    }

    #[test]
    fn parts_of_a_notch_add_up_to_a_picture_a_notch() {
        let sum = |parts: &[i32]| parts.iter().sum::<i32>();
        // A notch in half a second.
        assert_eq!(sum(&steps(0.125, false, 80, 0.06)), 10);
        assert_eq!(sum(&steps(-0.1, true, 100, 0.05)), -10);
        assert_eq!(steps(0.125, false, 8, 0.06), [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(sum(&steps(0.9, true, 10, 0.5)), 0, "what was turned before a pause is forgotten");
    }

    #[test]
    fn a_swipe_does_not_turn_dozens() {
        // Three screens of points within half a second, as fingers on a touchpad do.
        let swiped: i32 = steps(-0.7, true, 60, 0.5 / 60.0).iter().sum();
        assert_eq!(swiped, -4);
        assert_eq!(steps(-30.0, true, 10, 0.0).iter().sum::<i32>(), -1);
    }

    #[test]
    fn the_other_way_begins_anew() {
        let mut turning = Turning::default();
        let mut turn = |notches| turning.steps(Turn { notches, is_smooth: true }, 1.0);
        assert_eq!([turn(0.9), turn(-0.9), turn(0.9), turn(0.05), turn(0.06)], [0, 0, 0, 0, 1]);
    }
}
