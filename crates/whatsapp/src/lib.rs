//! whatsapp.
