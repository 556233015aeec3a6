//! A tap on a wire: a relay on the loopback that carries everything both ways and keeps what goes
//! one way, byte for byte.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The tap; it and its connections end when it goes.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    heard: Heard,
    _end: DropGuard,
}

/// Whose words are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Of whoever connects.
    Questions,
    /// Of whoever is connected to.
    Answers,
}

/// What was heard, of each connection for itself.
type Heard = Arc<Mutex<Vec<Arc<Mutex<Vec<u8>>>>>>;

impl Tap {
    /// Starts a tap on the way to `target`, a `host:port`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn on(target: &str, kept: Kept) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.context("Binding a tap")?;
        let address = listener.local_addr().context("Reading a tap's port")?;
        let (heard, end) = (Heard::default(), CancellationToken::new());
        let accepts = accept(
            listener,
            target.to_owned(),
            kept,
            Arc::clone(&heard),
            end.clone(),
        );
        tokio::spawn(accepts);
        Ok(Self {
            address,
            heard,
            _end: end.drop_guard(),
        })
    }

    /// Where it is connected to in place of its target.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was heard since the last time, of each connection for itself. Whoever asks in the middle
    /// of a word gets it in two pieces.
    #[must_use]
    pub fn take(&self) -> Vec<Vec<u8>> {
        let mut heard = self.heard.lock();
        let taken = heard
            .iter()
            .map(|of_one| std::mem::take(&mut *of_one.lock()));
        let taken = taken.filter(|bytes| !bytes.is_empty()).collect();
        // Of a connection that has ended nothing more will come.
        heard.retain(|of_one| Arc::strong_count(of_one) > 1);
        taken
    }
}

async fn accept(
    listener: TcpListener,
    target: String,
    kept: Kept,
    heard: Heard,
    end: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = end.cancelled() => return,
        };
        let Ok((near, _)) = accepted else { continue };
        let of_one = Arc::default();
        heard.lock().push(Arc::clone(&of_one));
        let relays = relay(near, target.clone(), kept, of_one);
        let end = end.clone();
        tokio::spawn(async move { end.run_until_cancelled(relays).await });
    }
}

/// Relays one connection, each way until that way ends.
async fn relay(near: TcpStream, target: String, kept: Kept, heard: Arc<Mutex<Vec<u8>>>) {
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    let (questions, answers) = match kept {
        Kept::Questions => (Some(&*heard), None),
        Kept::Answers => (None, Some(&*heard)),
    };
    let there = carry(&mut near_read, &mut far_write, questions);
    let back = carry(&mut far_read, &mut near_write, answers);
    tokio::join!(there, back);
}

async fn carry(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    heard: Option<&Mutex<Vec<u8>>>,
) {
    // Whichever end fails, the other one is told by what follows.
    match heard {
        None => drop(copy(from, to).await),
        Some(heard) => {
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(n) = from.read(&mut buffer).await {
                let Some(bytes) = buffer.get(..n).filter(|bytes| !bytes.is_empty()) else {
                    break;
                };
                heard.lock().extend_from_slice(bytes);
                if to.write_all(bytes).await.is_err() {
                    break;
                }
            }
        }
    }
    drop(to.shutdown().await);
}

#[cfg(test)]
mod tests {
    use super::{AsyncReadExt, AsyncWriteExt, Kept, Tap, TcpListener, TcpStream};

    #[tokio::test]
    async fn everything_is_carried_and_one_side_is_kept() {
        for (kept, expected) in [(Kept::Questions, b"question"), (Kept::Answers, b"answered")] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let target = listener.local_addr().unwrap().to_string();
            let tap = Tap::on(&target, kept).await.unwrap();
            let mut near = TcpStream::connect(tap.address).await.unwrap();
            let (mut far, _) = listener.accept().await.unwrap();
            let mut heard = [0; 8];
            near.write_all(b"question").await.unwrap();
            far.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"question");
            far.write_all(b"answered").await.unwrap();
            near.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"answered");
            assert_eq!(tap.take(), [expected.to_vec()]);
            assert!(tap.take().is_empty());
            drop(near);
            assert_eq!(far.read(&mut heard).await.unwrap(), 0);
        }
    }
}
