//! Callers that want a token all the time, and what they meet.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use auth_core::TokenSource;
use auth_sim::Simulator;
use tokio::task::JoinSet;

use super::call;
use crate::trouble::Trouble;

/// What callers met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Callers {
    /// Calls that got a token.
    pub(crate) served: u64,
    /// Calls that got an error.
    pub(crate) failed: u64,
    /// Calls that got nothing at once.
    pub(crate) waited: u64,
    /// Callers of a crowd that were served at all.
    pub(crate) readers: u64,
    /// Different tokens among those served.
    pub(crate) tokens: u64,
}

/// Tasks that ask for a token again and again until they are stopped.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Callers>,
}

impl Crowd {
    /// [`READERS`] tasks.
    pub(crate) fn gather(tokens: &TokenSource) -> Self {
        let mut crowd = Self { stop: Arc::default(), tasks: JoinSet::new() };
        for _ in 0..READERS {
            let (stop, tokens) = (Arc::clone(&crowd.stop), tokens.clone());
            crowd.tasks.spawn(async move {
                let mut met = Callers::default();
                while !stop.load(Ordering::Relaxed) {
                    ask(&tokens, &mut met).await;
                    tokio::time::sleep(PAUSE).await;
                }
                met
            });
        }
        crowd
    }

    /// One more task, which calls the ping as well; the simulator counts what comes of it.
    pub(crate) fn and_one_that_calls(mut self, tokens: &TokenSource, sim: Arc<Simulator>) -> Self {
        let (stop, tokens) = (Arc::clone(&self.stop), tokens.clone());
        self.tasks.spawn(async move {
            let mut met = Callers::default();
            while !stop.load(Ordering::Relaxed) {
                match noted(tokens.headers(), &mut met).await {
                    Ok(headers) if call(&sim, &headers).await.is_ok() => met.served += 1,
                    _ => met.failed += 1,
                }
                tokio::time::sleep(PAUSE * 4).await;
            }
            met
        });
        self
    }

    /// Stops all of them, and tells what they met.
    pub(crate) async fn stop(self) -> Result<Callers, Trouble> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Callers::default();
        for met in joined(self.tasks).await? {
            all.served += met.served;
            all.readers += u64::from(met.served > 0);
            all.failed += met.failed;
            all.waited += met.waited;
        }
        Ok(all)
    }
}

/// What each task came to.
pub(crate) async fn joined<T: 'static>(mut tasks: JoinSet<T>) -> Result<Vec<T>, Trouble> {
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        all.push(done.map_err(|error| Trouble::Local(format!("a caller of the demo ended early: {error}")))?);
    }
    Ok(all)
}

/// What `answer` comes to. A future that is not ready when it is first polled has made its caller wait, however short.
async fn noted<T>(answer: impl Future<Output = T>, met: &mut Callers) -> T {
    let mut answer = pin!(answer);
    match poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await {
        Poll::Ready(answer) => answer,
        Poll::Pending => {
            met.waited += 1;
            answer.await
        }
    }
}

async fn ask(tokens: &TokenSource, met: &mut Callers) {
    match noted(tokens.token(), met).await {
        Ok(_) => met.served += 1,
        Err(_) => met.failed += 1,
    }
}

/// As many as a small service has workers.
pub(crate) const READERS: u64 = 20;
const PAUSE: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use auth_sim::{Fault, Vendor};

    use super::*;
    use crate::provider::Provider;
    use crate::setting;

    async fn met_once(sim: &Simulator, tokens: &TokenSource) -> Callers {
        let mut met = Callers::default();
        ask(tokens, &mut met).await;
        assert!(sim.counts().token_requests > 0);
        met
    }

    #[tokio::test]
    async fn caller_that_waits_is_told_from_one_that_does_not() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        let tokens = Provider::MgPlus.source(setting::of_sim(&sim), |_| ()).unwrap();
        let (cold, warm) = (met_once(&sim, &tokens).await, met_once(&sim, &tokens).await);
        assert_eq!(cold, Callers { served: 1, waited: 1, ..Callers::default() });
        assert_eq!(warm, Callers { served: 1, ..Callers::default() });
    }

    #[tokio::test]
    async fn caller_that_makes_calls_waits_for_its_first_token_as_the_others_do() {
        let sim = Arc::new(Simulator::start(Vendor::MgPlus).await.unwrap());
        let tokens = Provider::MgPlus.source(setting::of_sim(&sim), |_| ()).unwrap();
        let crowd = Crowd { stop: Arc::default(), tasks: JoinSet::new() }.and_one_that_calls(&tokens, Arc::clone(&sim));
        let two_calls = async {
            while sim.counts().pings < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), two_calls).await.unwrap();
        let met = crowd.stop().await.unwrap();
        assert!(met.readers == 1 && met.waited == 1 && met.failed == 0, "{met:?}");
    }

    #[tokio::test]
    async fn caller_that_gets_an_error_is_counted() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        sim.faults().next(1, Fault::Html(403));
        let tokens = Provider::MgPlus.source(setting::of_sim(&sim), |_| ()).unwrap();
        assert_eq!(met_once(&sim, &tokens).await, Callers { failed: 1, waited: 1, ..Callers::default() });
    }
}
