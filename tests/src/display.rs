//! A virtual display for one window, with a keyboard: keys are pressed as the hardware does it, so
//! that what they write depends on the layout that is set.
//!
//! It is another display than the session's, since a display has one focus and one layout, and the
//! tests beside this one have windows too.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::programs::Program;
use crate::until::until;

/// A display.
#[derive(Debug)]
pub struct Display {
    name: String,
    // Ended in this order.
    _manager: Program,
    _server: Program,
}

impl Display {
    /// Opens one; what its programs say goes into the folder.
    ///
    /// # Errors
    /// When its programs do not start.
    pub async fn open(dir: &Path) -> Result<Self> {
        let said = dir.join("display");
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", "1400x900x24"]);
        server.args(["-nolisten", "tcp", "-noreset"]);
        // The session's cookie opens every display.
        if let Some(cookie) = std::env::var_os("XAUTHORITY") {
            server.arg("-auth").arg(cookie);
        }
        let server = start(&mut server, &said)?;
        let number = line_in(&said, "the display's number").await?;
        let name = format!(":{number}");

        let said = dir.join("manager");
        let mut manager = Command::new("openbox");
        manager.args(["--sm-disable", "--startup", "echo ready"]);
        manager.env("DISPLAY", &name);
        let manager = start(&mut manager, &said)?;
        line_in(&said, "the window manager is ready").await?;
        Ok(Self {
            name,
            _manager: manager,
            _server: server,
        })
    }

    /// What programs find it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets the layout of its keyboard, such as `ru`.
    ///
    /// # Errors
    /// When there is no such layout.
    pub async fn layout(&self, layout: &str) -> Result<()> {
        self.run("setxkbmap", &["-layout", layout]).await
    }

    /// Presses a chord, such as `Ctrl+KeyK`.
    ///
    /// # Errors
    /// When the keyboard has no such key.
    pub async fn press(&self, chord: &str) -> Result<()> {
        self.run("xdotool", &["key", &keys(chord)?]).await
    }

    /// Presses keys, one after the other.
    ///
    /// # Errors
    /// When the keyboard has no such key.
    pub async fn press_all(&self, chords: &[&str]) -> Result<()> {
        let keys: Vec<String> = chords
            .iter()
            .map(|chord| keys(chord))
            .collect::<Result<_>>()?;
        let mut words = vec!["key"];
        words.extend(keys.iter().map(String::as_str));
        self.run("xdotool", &words).await
    }

    async fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let mut command = Command::new(program);
        command.args(args).env("DISPLAY", &self.name);
        let done = command.output().await;
        let done = done.with_context(|| format!("Starting {program}"))?;
        let errors = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "{program} {args:?}: {errors}");
        Ok(())
    }
}

fn start(command: &mut Command, said: &Path) -> Result<Program> {
    let file = |name: &Path| File::create(name).context("Making a file");
    command.stdout(file(said)?);
    command.stderr(file(&said.with_extension("log"))?);
    Program::start(command)
}

async fn line_in(path: &Path, what: &str) -> Result<String> {
    until(what, async || {
        let said = fs::read_to_string(path).ok()?;
        Some(said.strip_suffix('\n')?.to_owned())
    })
    .await
}

/// A chord as xdotool takes it: modifiers by name, the key by its number, which no layout changes.
fn keys(chord: &str) -> Result<String> {
    let mut parts: Vec<String> = chord.split('+').map(str::to_lowercase).collect();
    let code = chord.rsplit('+').next().unwrap_or_default();
    let key = keycode(code).with_context(|| format!("the keyboard has no {code}"))?;
    parts.pop();
    parts.push(key);
    // What AltGr is called there; `alt` is the other one.
    Ok(parts.join("+").replace("altgr", "ISO_Level3_Shift"))
}

/// The number of a key, or the name of one that has no character and so the same everywhere.
fn keycode(code: &str) -> Option<String> {
    const ROWS: [(u32, &str); 4] = [
        (10, "1234567890"),
        (24, "QWERTYUIOP"),
        (38, "ASDFGHJKL"),
        (52, "ZXCVBNM"),
    ];
    let letter = code
        .strip_prefix("Key")
        .or_else(|| code.strip_prefix("Digit"));
    if let Some(letter) = letter {
        return ROWS.iter().find_map(|(first, row)| {
            let at = u32::try_from(row.find(letter)?).ok()?;
            Some((first + at).to_string())
        });
    }
    let named = match code {
        "Minus" => "20",
        "Equal" => "21",
        "Comma" => "59",
        "Period" => "60",
        "Slash" => "61",
        "Escape" => "Escape",
        "Enter" => "Return",
        "Tab" => "Tab",
        "Space" => "space",
        "Backspace" => "BackSpace",
        "Delete" => "Delete",
        "ArrowUp" => "Up",
        "ArrowDown" => "Down",
        other if other.starts_with('F') => other,
        _ => return None,
    };
    Some(named.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_pressed_by_their_numbers() {
        assert_eq!(keys("Ctrl+KeyK").unwrap(), "ctrl+45");
        assert_eq!(keys("Alt+KeyQ").unwrap(), "alt+24");
        assert_eq!(keys("Ctrl+Digit4").unwrap(), "ctrl+13");
        assert_eq!(keys("Shift+F8").unwrap(), "shift+F8");
        assert_eq!(keys("AltGr+KeyQ").unwrap(), "ISO_Level3_Shift+24");
        assert!(keys("Ctrl+Nothing").is_err());
    }
}
