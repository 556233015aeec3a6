//! What the program is started with.

use std::path::PathBuf;

/// Pult: the operator panel for a company's WhatsApp number.
#[derive(Debug, clap::Parser)]
#[command(name = "pult", version)]
pub(crate) struct Arguments {
    /// The folder that holds everything the panel keeps; a panel with a folder of its own runs
    /// beside the usual one
    #[arg(long, value_name = "DIR", env = "PULT_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Do not hand over to a panel that is running already; it shows if the two would share a
    /// folder
    #[arg(long, env = "PULT_NO_SINGLE_INSTANCE", hide = true,
          value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_single_instance: bool,

    /// Start in the tray, without the window
    #[arg(long)]
    pub(crate) hidden: bool,

    /// A file in PEM with certificate authorities to trust besides the system's
    #[arg(long, value_name = "FILE", env = "PULT_EXTRA_CA")]
    pub(crate) extra_ca: Option<PathBuf>,

    // No comment of the code, which would take it for an address.
    #[arg(value_name = "LINK", help = "A link to a chat to open: pult://chat/ID")]
    pub(crate) link: Option<String>,
}
