//! The polite ends of a process: Ctrl-C, and the signal of whoever runs it. The process listens from its beginning, so that what
//! it laid out is cleared away whenever it is asked to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Whoever may ask the process to stop.
pub struct Stop {
    interrupted: Signal,
    terminated: Signal,
}

impl Stop {
    /// Listens to SIGINT and SIGTERM from now on.
    ///
    /// # Errors
    /// The system does not let signals be listened to.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind: SignalKind| {
            signal(kind).map_err(|error| Failure::internal("the process cannot listen to signals", &error.into()))
        };
        Ok(Self { interrupted: listen(SignalKind::interrupt())?, terminated: listen(SignalKind::terminate())? })
    }

    /// Waits until the process is asked to stop.
    pub async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}
