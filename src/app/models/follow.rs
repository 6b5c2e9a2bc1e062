//! The live network that suits the picture, changed with it if the person wants that.

use super::State;
use crate::app::env::Env;
use crate::app::settings;
use crate::render::Suited;
use crate::weights::Builtin;

/// Where the name of a model could stand: whichever live network suits the picture.
pub(in crate::app) const AUTO: &str = "builtin:auto";

impl State {
    /// Whether the model changes with the picture.
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Uses the network that suits the picture, from now on.
    pub(super) fn follow(&mut self, settings: &settings::State, env: &mut Env<'_>) {
        (self.follows, self.before) = (true, None);
        self.load_suited(settings, env);
    }

    /// Another picture is looked at. While weights are tried, they stay.
    pub(in crate::app) fn meet(&mut self, suited: Suited, settings: &settings::State, env: &mut Env<'_>) {
        self.suited = Some(suited);
        if self.follows && self.before.is_none() {
            self.load_suited(settings, env);
        }
    }

    fn load_suited(&mut self, settings: &settings::State, env: &mut Env<'_>) {
        // For no picture, the network for clean ones.
        let address = self.suited.map_or(Builtin::Live, |suited| suited.model).address();
        if self.own.wanted() != Some(&address) {
            self.load_own(Some(address), settings, env);
            if let Some(suited) = self.suited {
                env.tell(suited);
            }
        }
    }

    /// Which network that is, and why.
    pub(super) fn suited_words(&self) -> String {
        let now = self.suited.map_or_else(|| "once there is a picture".into(), |suited| suited.to_string());
        format!("Changes with the picture: Live for clean ones, Live photo for noise and JPEG blocks. Now {now}.")
    }
}
