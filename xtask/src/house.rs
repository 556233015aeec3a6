//! Where things lie: the repository and cargo's target folder.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::call::cargo;

/// The repository on this machine.
pub(crate) struct House {
    root: PathBuf,
    target: PathBuf,
}

impl House {
    /// Asks cargo, which knows of every way in which a target folder can be moved.
    pub(crate) fn find() -> Result<Self> {
        let answer = cargo(["metadata", "--no-deps", "--format-version", "1"]).output()?;
        let metadata: Value = serde_json::from_str(&answer).context("Reading cargo metadata")?;
        let path = |key: &str| {
            metadata
                .get(key)
                .and_then(Value::as_str)
                .map(PathBuf::from)
                .with_context(|| format!("cargo metadata names no {key}"))
        };
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
        })
    }

    /// A path inside the repository.
    pub(crate) fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.root.join(inside)
    }

    /// A program of the workspace, built by `cargo build`.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target
            .join("debug")
            .join(format!("{name}{EXE_SUFFIX}"))
    }

    /// A program of the workspace, built as a server is shipped.
    pub(crate) fn server_program(&self, name: &str) -> PathBuf {
        self.target
            .join("server")
            .join(format!("{name}{EXE_SUFFIX}"))
    }

    /// The folder of the programs that proofs are made of.
    pub(crate) fn trials(&self) -> PathBuf {
        self.target.join("trials")
    }

    /// A path inside the target folder.
    pub(crate) fn target(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.target.join(inside)
    }

    /// An example of the workspace, built by `cargo build --example`.
    pub(crate) fn example(&self, name: &str) -> PathBuf {
        self.target
            .join("debug")
            .join("examples")
            .join(format!("{name}{EXE_SUFFIX}"))
    }
}
