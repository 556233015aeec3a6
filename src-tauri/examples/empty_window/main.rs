//! A window of the same size with next to nothing in it: what the panel's own start and memory are
//! measured beside. `cargo xtask bench panel` runs it.

use tauri::http::Response;
use tauri::{Builder, WebviewUrl, WebviewWindowBuilder};

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Empty</title><p>Empty";

fn main() -> tauri::Result<()> {
    let app = Builder::default()
        .register_uri_scheme_protocol("empty", |_, _| Response::new(PAGE.as_bytes()))
        .build(tauri::generate_context!(
            "examples/empty_window/tauri.conf.json"
        ))?;
    let url = "empty://localhost/"
        .parse()
        .map_err(tauri::Error::InvalidUrl)?;
    WebviewWindowBuilder::new(&app, "empty", WebviewUrl::CustomProtocol(url))
        .title("Empty")
        .inner_size(1080.0, 720.0)
        .incognito(true)
        .build()?;
    app.run(|_, _| {});
    Ok(())
}
