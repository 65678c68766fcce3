//! [`Cancel`]: how a run is asked to stop.

use tokio::sync::watch;

/// Asks a run to stop: no new calls, those under way settle and are recorded, waits end and can be taken up again. Shared by clones.
///
/// A second signal is the command line's business: it ends the process, and the next run finishes the work all the same.
#[derive(Debug, Clone)]
pub struct Cancel {
    sender: watch::Sender<bool>,
}

impl Cancel {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self { sender: watch::Sender::new(false) }
    }

    /// Asks.
    pub fn stop(&self) {
        self.sender.send_replace(true);
    }

    /// Whether somebody has asked.
    pub fn is_stopped(&self) -> bool {
        *self.sender.borrow()
    }

    /// Returns when somebody has asked.
    pub async fn stopped(&self) {
        let mut receiver = self.sender.subscribe();
        // It fails when the sender is gone, and `self` holds one.
        let _ = receiver.wait_for(|stopped| *stopped).await;
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}
