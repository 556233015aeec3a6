//! What Pult needs of a Linux system, how one sees whether it is there, and who packages it.
//!
//! The thing itself is looked for (a program, a library, a font), not the package that usually
//! brings it: that is the same question on every distribution, and what somebody built by hand
//! counts. Only what is missing is turned into packages.

use crate::call::is_in_path;

use super::{has_font, has_library};

/// How one sees that a need is met.
#[derive(Clone, Copy, Debug)]
pub(super) enum Probe {
    /// A program in `PATH`.
    Program(&'static str),
    /// A program that has several names, or lies where `PATH` does not look.
    OneOf(&'static [&'static str]),
    /// A library's development files, by their name in `pkg-config`.
    Library(&'static str),
    /// A font that covers this language, as fontconfig names it.
    Font(&'static str),
}

/// Distributions that share package names and a package manager.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    /// Debian, Ubuntu, Mint …
    Debian,
    /// Fedora and what follows it.
    Fedora,
    /// Arch, Manjaro …
    Arch,
    /// openSUSE Leap and Tumbleweed.
    Suse,
}

/// One thing that must be on the machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    /// What it is, and what for, in words.
    pub(super) what: &'static str,
    pub(super) probe: Probe,
    debian: &'static str,
    arch: &'static str,
    /// Fedora and openSUSE find a package by what it provides, whatever they call it. A font alone
    /// has no such name, and the two call it differently.
    rpm: Rpm,
}

#[derive(Clone, Copy, Debug)]
enum Rpm {
    Provides(&'static str),
    Named {
        fedora: &'static str,
        suse: &'static str,
    },
}

impl Need {
    /// Whether the machine has it.
    pub(super) fn is_met(&self) -> bool {
        match self.probe {
            Probe::Program(name) => is_in_path(name),
            Probe::OneOf(names) => names.iter().any(|name| is_in_path(name)),
            Probe::Library(name) => has_library(name),
            Probe::Font(language) => has_font(language),
        }
    }

    /// What the package manager of `family` is asked for.
    pub(super) fn package(&self, family: Family) -> &'static str {
        match (family, self.rpm) {
            (Family::Debian, _) => self.debian,
            (Family::Arch, _) => self.arch,
            (Family::Fedora | Family::Suse, Rpm::Provides(name)) => name,
            (Family::Fedora, Rpm::Named { fedora, .. }) => fedora,
            (Family::Suse, Rpm::Named { suse, .. }) => suse,
        }
    }
}

/// What building takes, besides Rust and Node.
pub(super) const BUILD: &[Need] = &[
    Need {
        what: "a C compiler (SQLite and the cryptography are C)",
        probe: Probe::Program("cc"),
        debian: "build-essential",
        arch: "base-devel",
        rpm: Rpm::Provides("gcc"),
    },
    Need {
        what: "pkg-config (finds the libraries)",
        probe: Probe::Program("pkg-config"),
        debian: "pkg-config",
        arch: "pkgconf",
        rpm: Rpm::Provides("/usr/bin/pkg-config"),
    },
    Need {
        what: "WebKitGTK 4.1 with its development files (the window)",
        probe: Probe::Library("webkit2gtk-4.1"),
        debian: "libwebkit2gtk-4.1-dev",
        arch: "webkit2gtk-4.1",
        rpm: Rpm::Provides("pkgconfig(webkit2gtk-4.1)"),
    },
    Need {
        what: "D-Bus development files (the window)",
        probe: Probe::Library("dbus-1"),
        debian: "libdbus-1-dev",
        arch: "dbus",
        rpm: Rpm::Provides("pkgconfig(dbus-1)"),
    },
];

/// What the window tests take on top.
pub(super) const TEST: &[Need] = &[
    Need {
        what: "Xvfb (the virtual display)",
        probe: Probe::Program("Xvfb"),
        debian: "xvfb",
        arch: "xorg-server-xvfb",
        rpm: Rpm::Provides("/usr/bin/Xvfb"),
    },
    Need {
        what: "openbox (a window manager, which gives a window the focus)",
        probe: Probe::Program("openbox"),
        debian: "openbox",
        arch: "openbox",
        rpm: Rpm::Provides("openbox"),
    },
    Need {
        what: "wmctrl (closes, moves and counts windows as their manager does)",
        probe: Probe::Program("wmctrl"),
        debian: "wmctrl",
        arch: "wmctrl",
        rpm: Rpm::Provides("wmctrl"),
    },
    Need {
        what: "dbus-daemon (a session bus of the tests' own)",
        probe: Probe::Program("dbus-daemon"),
        debian: "dbus",
        arch: "dbus",
        rpm: Rpm::Provides("/usr/bin/dbus-daemon"),
    },
    Need {
        what: "WebKitWebDriver (drives the real window)",
        probe: Probe::Program("WebKitWebDriver"),
        debian: "webkit2gtk-driver",
        arch: "webkitgtk-6.0",
        rpm: Rpm::Provides("/usr/bin/WebKitWebDriver"),
    },
    Need {
        what: "xdotool (presses keys as a person does, system-wide ones too)",
        probe: Probe::Program("xdotool"),
        debian: "xdotool",
        arch: "xdotool",
        rpm: Rpm::Provides("xdotool"),
    },
    Need {
        what: "setxkbmap (chooses the layout of the keyboard)",
        probe: Probe::Program("setxkbmap"),
        debian: "x11-xkb-utils",
        arch: "xorg-setxkbmap",
        rpm: Rpm::Provides("/usr/bin/setxkbmap"),
    },
    Need {
        what: "fc-list (tells which fonts there are)",
        probe: Probe::Program("fc-list"),
        debian: "fontconfig",
        arch: "fontconfig",
        rpm: Rpm::Provides("fontconfig"),
    },
    Need {
        what: "a font with Cyrillic letters",
        probe: Probe::Font("ru"),
        debian: "fonts-noto-core",
        arch: "noto-fonts",
        rpm: Rpm::Named {
            fedora: "google-noto-sans-fonts",
            suse: "google-noto-sans-fonts",
        },
    },
    Need {
        what: "a font with emoji",
        probe: Probe::Font("und-zsye"),
        debian: "fonts-noto-color-emoji",
        arch: "noto-fonts-emoji",
        rpm: Rpm::Named {
            fedora: "google-noto-color-emoji-fonts",
            suse: "google-noto-coloremoji-fonts",
        },
    },
];

/// What starts a program of Windows. Debian's own `wine` chooses between this and one for programs of
/// 32 bits, and complains that it is not there.
pub(super) const WINE: &[&str] = &["/usr/lib/wine/wine64", "wine64", "wine"];

/// The process that all programs of one Windows share.
pub(super) const WINE_SERVER: &[&str] = &["/usr/lib/wine/wineserver64", "wineserver"];

/// What other systems take on top of the window tests. Rust for them comes from elsewhere.
pub(super) const CROSS: &[Need] = &[
    Need {
        what: "MinGW-w64 (compiles and links for Windows)",
        probe: Probe::Program("x86_64-w64-mingw32-gcc"),
        debian: "gcc-mingw-w64-x86-64-posix",
        arch: "mingw-w64-gcc",
        rpm: Rpm::Provides("/usr/bin/x86_64-w64-mingw32-gcc"),
    },
    Need {
        what: "Wine for programs of 64 bits (runs what was built for Windows)",
        probe: Probe::OneOf(WINE),
        debian: "wine64",
        arch: "wine",
        rpm: Rpm::Named {
            fedora: "wine-core",
            suse: "wine",
        },
    },
];

/// What the bench of the panel takes on top of the window tests.
pub(super) const BROWSER: &[Need] = &[Need {
    what: "Chromium (shows the same page, to be measured beside)",
    probe: Probe::Program("chromium"),
    debian: "chromium",
    arch: "chromium",
    rpm: Rpm::Provides("chromium"),
}];

/// What packages take on top of building.
pub(super) const PACK: &[Need] = &[
    Need {
        what: "systemd-analyze (checks the backend's unit)",
        probe: Probe::Program("systemd-analyze"),
        debian: "systemd",
        arch: "systemd",
        rpm: Rpm::Provides("/usr/bin/systemd-analyze"),
    },
    Need {
        what: "desktop-file-validate (checks the panel's menu entry)",
        probe: Probe::Program("desktop-file-validate"),
        debian: "desktop-file-utils",
        arch: "desktop-file-utils",
        rpm: Rpm::Provides("/usr/bin/desktop-file-validate"),
    },
    Need {
        what: "dpkg-deb (looks into what was packed)",
        probe: Probe::Program("dpkg-deb"),
        debian: "dpkg",
        arch: "dpkg",
        rpm: Rpm::Provides("/usr/bin/dpkg-deb"),
    },
    Need {
        what: "rpm (the same)",
        probe: Probe::Program("rpm"),
        debian: "rpm",
        arch: "rpm-tools",
        rpm: Rpm::Provides("/usr/bin/rpm"),
    },
];
