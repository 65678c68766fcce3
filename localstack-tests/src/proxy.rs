//! [`Proxy`]: a network that loses things, between a client and a server on this machine.
//!
//! Every request gets a connection of its own, in which one of [`Deed`] may be done to it, drawn from the seed and what is asked. So a fault hits
//! one call and no other, and a run can be repeated. What the tests themselves ask of the emulator passes untouched.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use formwork_engine::clock::{Clock as _, TokioClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How long a slow answer pauses in its middle.
const PAUSE: Duration = Duration::from_millis(300);
/// No request of a stack is longer.
const LONGEST_HEAD: usize = 64 * 1024;

/// What is done to a request or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// The connection is reset before the request is passed on.
    ResetBefore,
    /// The request is executed, and the connection reset in place of its answer.
    ResetAfter,
    /// The answer ends in its middle.
    Truncated,
    /// The answer pauses in its middle.
    Slow,
}

impl Deed {
    /// All of them.
    pub const ALL: [Deed; 4] = [Deed::ResetBefore, Deed::ResetAfter, Deed::Truncated, Deed::Slow];

    /// Its name in the table.
    pub fn word(self) -> &'static str {
        match self {
            Deed::ResetBefore => "reset before",
            Deed::ResetAfter => "reset after",
            Deed::Truncated => "truncated",
            Deed::Slow => "slow",
        }
    }
}

/// A proxy with its threads, which end with it.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

struct Shared {
    server: SocketAddr,
    seed: u64,
    percent: f64,
    deeds: Vec<Deed>,
    calm: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    asked: BTreeMap<String, u64>,
    counts: BTreeMap<Deed, u64>,
}

impl Proxy {
    /// Listens on a free port of this machine for requests to the server on port `server`. So many percent of them meet one of `deeds`.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(server: u16, seed: u64, percent: f64, deeds: &[Deed]) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener =
            runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).context("listening on loopback")?;
        let address = listener.local_addr()?;
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, server));
        let shared = Shared {
            server,
            seed,
            percent,
            deeds: deeds.to_vec(),
            calm: AtomicBool::new(false),
            state: Mutex::default(),
        };
        let shared = Arc::new(shared);
        let serving = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let serving = Arc::clone(&serving);
                // A connection that breaks is what its client has to live with.
                tokio::spawn(async move { serving.serve(client).await.ok() });
            }
        });
        Ok(Self { address, shared, _runtime: runtime })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on everything passes.
    pub fn calm(&self) {
        self.shared.calm.store(true, Ordering::Relaxed);
    }

    /// How often each deed was done.
    pub fn counts(&self) -> BTreeMap<Deed, u64> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).counts.clone()
    }
}

impl Shared {
    async fn serve(&self, mut client: TcpStream) -> Result<()> {
        let Some(request) = read_request(&mut client).await? else { return Ok(()) };
        let deed = self.draw(&request);
        if deed == Some(Deed::ResetBefore) {
            client.set_zero_linger()?;
            return Ok(());
        }
        let mut server = TcpStream::connect(self.server).await?;
        server.write_all(&request.alone()).await?;
        let mut answer = Vec::new();
        let read = server.read_to_end(&mut answer).await;
        if deed == Some(Deed::ResetAfter) || read.is_err() || answer.is_empty() {
            // A server that broke off is passed on as it is.
            client.set_zero_linger()?;
            return Ok(());
        }
        let middle = middle(&answer);
        match deed {
            Some(Deed::Truncated) => client.write_all(&answer[..middle]).await?,
            Some(Deed::Slow) => {
                client.write_all(&answer[..middle]).await?;
                client.flush().await?;
                TokioClock::new().sleep(PAUSE).await;
                client.write_all(&answer[middle..]).await?;
            }
            _ => client.write_all(&answer).await?,
        }
        client.shutdown().await?;
        Ok(())
    }

    fn draw(&self, request: &Request) -> Option<Deed> {
        let what = request.what();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = state.asked.entry(what.clone()).or_default();
        *asked += 1;
        let mut jitter = formwork_engine::apply::retry::Jitter::seeded(&format!("{} {what} {asked}", self.seed));
        let calm = self.calm.load(Ordering::Relaxed) || self.deeds.is_empty();
        if calm || what.contains(" /_") || jitter.draw() * 100.0 >= self.percent {
            return None;
        }
        let place = jitter.draw();
        let deed = (1..=self.deeds.len()).find(|up| place * of(self.deeds.len()) < of(*up));
        let deed = self.deeds[deed.unwrap_or(1) - 1];
        *state.counts.entry(deed).or_default() += 1;
        Some(deed)
    }
}

fn of(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

/// The place in the middle of an answer's body, or of its head where it has no body.
fn middle(answer: &[u8]) -> usize {
    let body = end_of_head(answer).unwrap_or(0);
    if body < answer.len() { body + (answer.len() - body) / 2 } else { body / 2 }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|place| place + 4)
}

/// A request that has arrived in full.
struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// What is asked, without what is random in it: the line, and the operation where that is in a header or in the body.
    fn what(&self) -> String {
        let line = self.head.lines().next().unwrap_or_default();
        let target = self.header("x-amz-target").unwrap_or_default();
        let body = String::from_utf8_lossy(&self.body);
        let action = body.split('&').find(|pair| pair.starts_with("Action=")).unwrap_or_default();
        format!("{line} {target} {action}")
    }

    /// The bytes of a connection that carries nothing else.
    fn alone(&self) -> Vec<u8> {
        let kept = self.head.split_inclusive("\r\n").filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            line != &"\r\n" && !["connection", "expect", "keep-alive"].iter().any(|hop| name.eq_ignore_ascii_case(hop))
        });
        let mut bytes: Vec<u8> = kept.flat_map(str::bytes).collect();
        bytes.extend(b"Connection: close\r\n\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

async fn read_request(client: &mut TcpStream) -> Result<Option<Request>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = end_of_head(&bytes) {
            break end;
        }
        anyhow::ensure!(bytes.len() < LONGEST_HEAD, "the head of a request is longer than {LONGEST_HEAD} bytes");
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let body = bytes.split_off(end);
    let mut request = Request { head: String::from_utf8_lossy(&bytes).into_owned(), body };
    if request.header("expect").is_some() {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let length = request.header("content-length").map(str::parse::<usize>).transpose()?;
    let chunked = request.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked"));
    while match length {
        Some(length) => request.body.len() < length,
        None => chunked && !request.body.ends_with(b"0\r\n\r\n"),
    } {
        if client.read_buf(&mut request.body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(request))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// A server that answers every request with its number and counts them.
    fn server() -> (u16, Arc<AtomicUsize>) {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&served);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut bytes = [0; 4096];
                let mut read = 0;
                while !bytes[..read].ends_with(b"hello") {
                    read += stream.read(&mut bytes[read..]).unwrap();
                }
                assert!(String::from_utf8_lossy(&bytes[..read]).contains("Connection: close"));
                counted.fetch_add(1, Ordering::SeqCst);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789").unwrap();
            }
        });
        (port, served)
    }

    fn ask(proxy: &Proxy, path: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port()))?;
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"hello")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }

    fn one(deed: Deed) -> (std::io::Result<Vec<u8>>, usize, BTreeMap<Deed, u64>) {
        let (port, served) = server();
        let proxy = Proxy::start(port, 1, 100.0, &[deed]).unwrap();
        let answer = ask(&proxy, "/");
        (answer, served.load(Ordering::SeqCst), proxy.counts())
    }

    #[test]
    fn a_request_that_is_reset_before_never_arrives() {
        let (answer, served, counts) = one(Deed::ResetBefore);
        assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!((served, counts), (0, BTreeMap::from([(Deed::ResetBefore, 1)])));
    }

    #[test]
    fn a_request_that_is_reset_after_was_executed() {
        let (answer, served, _) = one(Deed::ResetAfter);
        assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(served, 1);
    }

    #[test]
    fn a_truncated_answer_ends_in_its_body_and_a_slow_one_is_whole() {
        assert!(one(Deed::Truncated).0.unwrap().ends_with(b"\r\n\r\n01234"));
        assert!(one(Deed::Slow).0.unwrap().ends_with(b"\r\n\r\n0123456789"));
    }

    #[test]
    fn what_the_tests_ask_themselves_passes_and_the_rest_is_drawn_alike_with_the_same_seed() {
        let run = |seed| {
            let (port, _) = server();
            let proxy = Proxy::start(port, seed, 40.0, &Deed::ALL).unwrap();
            assert!(ask(&proxy, "/_formwork/health").unwrap().ends_with(b"9"));
            (0..20).map(|_| ask(&proxy, "/").map_err(|error| error.kind())).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
