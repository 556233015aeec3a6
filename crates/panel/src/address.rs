//! A backend's address, checked once, when an operator types it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Where a backend is: `https`, or `http` on this machine alone. Written without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Address(Url);

/// Why a text is not a backend's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAddress {
    /// It is no address at all.
    #[error("not an address")]
    NotAnAddress,
    /// It would send passwords and texts over a network unencrypted.
    #[error("plain http is allowed to this machine alone")]
    PlainHttp,
}

impl Address {
    /// Understands what people type: with or without a scheme, with `ws` for `http`.
    pub(crate) fn parse(typed: &str) -> Result<Self, BadAddress> {
        let typed = typed.trim();
        let url = match typed.split_once("://") {
            Some(("http" | "ws", rest)) => url("http", rest)?,
            Some(("https" | "wss", rest)) => url("https", rest)?,
            Some(_) => return Err(BadAddress::NotAnAddress),
            None => {
                let plain = url("http", typed)?;
                if is_loopback(&plain) {
                    plain
                } else {
                    url("https", typed)?
                }
            }
        };
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(BadAddress::PlainHttp);
        }
        Ok(Self(url))
    }

    /// The REST address of `path`, which begins without a slash.
    pub(crate) fn rest(&self, path: &str) -> String {
        format!("{self}/api/v1/{path}")
    }

    /// The socket's address.
    pub(crate) fn socket(&self) -> String {
        // http becomes ws, https becomes wss.
        format!("{self}/api/v1/socket").replacen("http", "ws", 1)
    }

    /// Whether the way there is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

fn url(scheme: &str, rest: &str) -> Result<Url, BadAddress> {
    let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| BadAddress::NotAnAddress)?;
    let is_clean = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_clean && url.host().is_some() {
        Ok(url)
    } else {
        Err(BadAddress::NotAnAddress)
    }
}

/// Judges the host as parsed: `http://localhost.example.net` and `http://127.0.0.1.example.net`
/// are somebody else's.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl TryFrom<String> for Address {
    type Error = BadAddress;
    fn try_from(text: String) -> Result<Self, BadAddress> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, BadAddress};

    #[test]
    fn what_people_type_is_understood() {
        for (typed, meant) in [
            ("pult.example.net", "https://pult.example.net"),
            (" https://pult.example.net/ ", "https://pult.example.net"),
            (
                "wss://pult.example.net:8443",
                "https://pult.example.net:8443",
            ),
            ("pult.example.net/office", "https://pult.example.net/office"),
            ("localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("ws://[::1]:8080", "http://[::1]:8080"),
            ("http://127.9.8.7", "http://127.9.8.7"),
        ] {
            let address = Address::parse(typed).map(|address| address.to_string());
            assert_eq!(address.as_deref(), Ok(meant), "{typed}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for typed in [
            "http://pult.example.net",
            "ws://pult.example.net",
            "http://localhost.example.net",
            "http://127.0.0.1.example.net",
            "http://192.0.2.1",
            "http://0.0.0.0",
            "http://[::2]",
        ] {
            assert_eq!(Address::parse(typed), Err(BadAddress::PlainHttp), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_said_to_be_none() {
        for typed in [
            "",
            "  ",
            "two words",
            "ftp://pult.example.net",
            "file:///etc/hosts",
            "https://anna:secret@pult.example.net",
            "https://pult.example.net/?a=b",
            "https://pult.example.net/#a",
            "https://",
        ] {
            assert_eq!(
                Address::parse(typed),
                Err(BadAddress::NotAnAddress),
                "{typed}"
            );
        }
    }

    #[test]
    fn socket_and_rest_lie_below_the_address() -> Result<(), BadAddress> {
        let address = Address::parse("pult.example.net/office/")?;
        assert_eq!(
            address.socket(),
            "wss://pult.example.net/office/api/v1/socket"
        );
        assert_eq!(
            address.rest("sessions"),
            "https://pult.example.net/office/api/v1/sessions"
        );
        let address = Address::parse("localhost:1")?;
        assert_eq!(address.socket(), "ws://localhost:1/api/v1/socket");
        Ok(())
    }
}
