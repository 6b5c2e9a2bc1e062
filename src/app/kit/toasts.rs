//! Short messages that come and go by themselves.

/// How long a message stays, in seconds.
const STAY_SECS: f64 = 6.0;
/// How long one stays that only says what a key has just done.
const BRIEF_SECS: f64 = 2.5;
/// How long a failure stays: it has to be read, and perhaps acted on.
const FAILURE_STAYS_SECS: f64 = 20.0;
/// More than this many at a time help nobody.
const MOST: usize = 4;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// Its name.
    pub id: u64,
    /// One sentence.
    pub text: String,
    /// Whether it tells of a failure.
    pub is_failure: bool,
    topic: Option<&'static str>,
    ends_secs: f64,
}

/// The messages on the screen, oldest first.
#[derive(Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    next_id: u64,
}

impl Toasts {
    /// Tells of something that went well.
    pub fn tell(&mut self, text: impl ToString, now_secs: f64) {
        self.push(sentence(&text.to_string()), false, now_secs + STAY_SECS);
    }

    /// Tells of a failure.
    pub fn fail(&mut self, text: impl ToString, now_secs: f64) {
        self.push(sentence(&text.to_string()), true, now_secs + FAILURE_STAYS_SECS);
    }

    /// Tells of something that changes often: what was told about `topic` before goes.
    pub fn replace(&mut self, topic: &'static str, text: impl ToString, now_secs: f64) {
        self.shown.retain(|toast| toast.topic != Some(topic));
        self.push(sentence(&text.to_string()), false, now_secs + BRIEF_SECS);
        if let Some(toast) = self.shown.last_mut() {
            toast.topic = Some(topic);
        }
    }

    fn push(&mut self, text: String, is_failure: bool, ends_secs: f64) {
        // The same sentence again only stays longer.
        self.shown.retain(|toast| toast.text != text);
        self.shown.push(Toast { id: self.next_id, text, is_failure, topic: None, ends_secs });
        self.next_id += 1;
        let surplus = self.shown.len().saturating_sub(MOST);
        self.shown.drain(..surplus);
    }

    /// Takes one away.
    pub fn dismiss(&mut self, id: u64) {
        self.shown.retain(|toast| toast.id != id);
    }

    /// Takes away what was there long enough; says in how many seconds the next one is due.
    pub fn advance(&mut self, now_secs: f64) -> Option<f64> {
        self.shown.retain(|toast| toast.ends_secs > now_secs);
        self.shown.iter().map(|toast| toast.ends_secs - now_secs).min_by(f64::total_cmp)
    }

    /// Those to show.
    pub fn iter(&self) -> impl Iterator<Item = &Toast> {
        self.shown.iter()
    }
}

/// The text as a sentence: it stands alone here, where errors are written to follow a colon.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_by_themselves_and_never_pile_up() {
        let mut toasts = Toasts::default();
        toasts.tell("written", 0.0);
        toasts.fail("no", 0.0);
        toasts.fail("no", 1.0);
        assert_eq!(toasts.iter().count(), 2);
        assert_eq!(toasts.advance(2.0), Some(4.0));
        assert_eq!(toasts.advance(7.0), Some(14.0));
        toasts.replace("mode", "auto", 8.0);
        toasts.replace("mode", "neural", 8.0);
        assert_eq!(toasts.iter().map(|toast| toast.text.as_str()).collect::<Vec<_>>(), ["No", "Neural"]);
        (0..9).for_each(|i| toasts.tell(i, 8.0));
        assert_eq!(toasts.iter().count(), MOST);
    }
}
