//! A network that fails: a TCP proxy on the loopback between a panel and the backend.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the network does to whoever goes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// It carries everything.
    Carries,
    /// It carries everything, late.
    Delays(Duration),
    /// It carries what the panel says, but no answer.
    LosesAnswers,
    /// It takes everything and carries nothing; nobody is told.
    Swallows,
    /// It has ended the way back, but still carries what the panel says.
    HalfClosed,
    /// It has ended all connections and takes no new one.
    Cut,
}

/// The proxy; it and its connections end when it goes.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: watch::Sender<State>,
    _end: DropGuard,
}

/// The network, and how often it was cut: a cut that is over at once still ends what there was.
#[derive(Debug, Clone, Copy)]
struct State {
    network: Network,
    n_cuts: u64,
}

/// What a stretch of wire needs to know.
#[derive(Clone)]
struct Wire {
    state: watch::Receiver<State>,
    end: CancellationToken,
}

/// Which way a stretch of wire leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

impl Proxy {
    /// Starts a proxy that leads to `target`, a `host:port`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(target: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("Binding the proxy")?;
        let address = listener.local_addr().context("Reading the proxy's port")?;
        let state = watch::Sender::new(State {
            network: Network::Carries,
            n_cuts: 0,
        });
        let end = CancellationToken::new();
        let wire = Wire {
            state: state.subscribe(),
            end: end.clone(),
        };
        tokio::spawn(accept(listener, target.to_owned(), wire));
        Ok(Self {
            address,
            state,
            _end: end.drop_guard(),
        })
    }

    /// Where a panel reaches the backend through it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the network for all connections, present and coming.
    pub fn becomes(&self, network: Network) {
        self.state.send_modify(|state| {
            state.network = network;
            state.n_cuts += u64::from(network == Network::Cut);
        });
    }

    /// Ends all connections at once, as a restarted router does; new ones are carried.
    pub fn blinks(&self) {
        self.becomes(Network::Cut);
        self.becomes(Network::Carries);
    }
}

async fn accept(listener: TcpListener, target: String, wire: Wire) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = wire.end.cancelled() => return,
        };
        let Ok((near, _)) = accepted else { continue };
        let is_cut = wire.state.borrow().network == Network::Cut;
        if !is_cut {
            tokio::spawn(connect(near, target.clone(), wire.clone()));
        }
    }
}

/// Carries one connection, each way until that way ends: one half may close before the other.
async fn connect(near: TcpStream, target: String, wire: Wire) {
    let n_cuts = wire.state.borrow().n_cuts;
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    let there = carry(near_read, far_write, Way::There, wire.clone(), n_cuts);
    let back = carry(far_read, near_write, Way::Back, wire, n_cuts);
    tokio::join!(there, back);
}

/// Carries one way. Whatever ends it, dropping the halves tells both ends.
async fn carry(from: OwnedReadHalf, to: OwnedWriteHalf, way: Way, mut wire: Wire, n_cuts: u64) {
    let state = wire.state.clone();
    let ends = wire.state.wait_for(|state| {
        let is_half_closed = state.network == Network::HalfClosed && way == Way::Back;
        state.n_cuts != n_cuts || is_half_closed
    });
    tokio::select! {
        _ = ends => {}
        () = wire.end.cancelled() => {}
        () = copy(from, to, way, &state) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    way: Way,
    state: &watch::Receiver<State>,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut later = state.clone();
    let mut has_lost = false;
    loop {
        let n = tokio::select! {
            n = from.read(&mut buffer) => n.unwrap_or(0),
            // No network goes on with a connection from whose middle bytes are missing.
            _ = later.wait_for(|state| !state.network.loses(way)), if has_lost => return,
        };
        let Some(bytes) = buffer.get(..n).filter(|bytes| !bytes.is_empty()) else {
            return;
        };
        let network = state.borrow().network;
        if let Network::Delays(delay) = network {
            tokio::time::sleep(delay).await;
        }
        has_lost |= network.loses(way);
        if !has_lost && to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

impl Network {
    /// Whether it loses what goes that way.
    fn loses(self, way: Way) -> bool {
        match self {
            Self::Carries | Self::Delays(_) | Self::HalfClosed => false,
            Self::LosesAnswers => way == Way::Back,
            Self::Swallows | Self::Cut => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AsyncReadExt, AsyncWriteExt, Network, Proxy, TcpListener, TcpStream};

    /// A connection through a proxy, and its far end.
    async fn connection() -> (Proxy, TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let proxy = Proxy::to(&target).await.unwrap();
        let near = TcpStream::connect(proxy.address).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        (proxy, near, far)
    }

    async fn hears(stream: &mut TcpStream, expected: &[u8]) {
        let mut heard = vec![0; expected.len()];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, expected);
    }

    async fn is_ended(stream: &mut TcpStream) -> bool {
        matches!(stream.read(&mut [0]).await, Ok(0) | Err(_))
    }

    #[tokio::test]
    async fn it_carries_both_ways() {
        let (_proxy, mut near, mut far) = connection().await;
        near.write_all(b"question").await.unwrap();
        hears(&mut far, b"question").await;
        far.write_all(b"answer").await.unwrap();
        hears(&mut near, b"answer").await;
    }

    #[tokio::test]
    async fn a_blink_ends_what_there_was_and_takes_what_comes() {
        let (proxy, mut near, mut far) = connection().await;
        proxy.blinks();
        assert!(is_ended(&mut near).await);
        assert!(is_ended(&mut far).await);
        assert!(TcpStream::connect(proxy.address).await.is_ok());
    }

    #[tokio::test]
    async fn a_half_closed_network_ends_the_way_back_alone() {
        let (proxy, mut near, mut far) = connection().await;
        proxy.becomes(Network::HalfClosed);
        assert!(is_ended(&mut near).await);
        near.write_all(b"still here").await.unwrap();
        hears(&mut far, b"still here").await;
    }

    #[tokio::test]
    async fn lost_answers_never_arrive_while_questions_do() {
        let (proxy, mut near, mut far) = connection().await;
        proxy.becomes(Network::LosesAnswers);
        far.write_all(b"lost").await.unwrap();
        near.write_all(b"question").await.unwrap();
        hears(&mut far, b"question").await;
        // What was lost had been taken before the far end saw the end of the way there.
        drop(far.shutdown().await);
        assert!(is_ended(&mut near).await);
    }

    #[tokio::test]
    async fn what_arrives_has_no_holes() {
        for _ in 0..20 {
            let (proxy, mut near, mut far) = connection().await;
            proxy.becomes(Network::LosesAnswers);
            far.write_all(b"lost").await.unwrap();
            near.write_all(b"question").await.unwrap();
            hears(&mut far, b"question").await;
            proxy.becomes(Network::Carries);
            // Where the first was lost, the connection may have ended under these.
            drop(far.write_all(b"next").await);
            drop(far.shutdown().await);
            let mut heard = Vec::new();
            drop(near.read_to_end(&mut heard).await);
            assert!(b"lostnext".starts_with(&heard), "{heard:?}");
        }
    }
}
