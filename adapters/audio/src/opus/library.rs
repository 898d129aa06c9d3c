//! Which libopus encodes: its translation, or with the feature `c-libopus` the C library. Both have the same
//! functions and numbers; what differs is how a setting is handed over.

#[cfg(not(feature = "c-libopus"))]
#[expect(clippy::unsafe_removed_from_name, reason = "either library is called the same here")]
use unsafe_libopus as chosen;

#[cfg(feature = "c-libopus")]
use opusic_sys as chosen;

pub(super) use chosen::{
    OPUS_APPLICATION_AUDIO, OPUS_GET_LOOKAHEAD_REQUEST, OPUS_OK, OPUS_SET_BITRATE_REQUEST,
    OPUS_SET_COMPLEXITY_REQUEST, OPUS_SET_LSB_DEPTH_REQUEST, OPUS_SET_SIGNAL_REQUEST,
    OPUS_SIGNAL_MUSIC, OpusEncoder, opus_encode_float, opus_encoder_create, opus_encoder_destroy,
};

/// Sets what one number sets; libopus' code.
///
/// # Safety
/// `state` came from `opus_encoder_create` and isn't freed, nobody else uses it during the call, and the
/// request takes one `i32`.
pub(super) unsafe fn set(state: *mut OpusEncoder, request: i32, value: i32) -> i32 {
    // SAFETY: the caller's word.
    #[cfg(not(feature = "c-libopus"))]
    return unsafe { chosen::opus_encoder_ctl!(state, request, value) };
    // SAFETY: the caller's word; the variadic call gets the one `int` that the request takes.
    #[cfg(feature = "c-libopus")]
    return unsafe { chosen::opus_encoder_ctl(state, request, value) };
}

/// Asks for one number; libopus' code.
///
/// # Safety
/// As [`set`], with a request that writes one `i32`.
pub(super) unsafe fn get(state: *mut OpusEncoder, request: i32, value: &mut i32) -> i32 {
    // SAFETY: the caller's word; `value` outlives the call.
    #[cfg(not(feature = "c-libopus"))]
    return unsafe { chosen::opus_encoder_ctl!(state, request, value) };
    // SAFETY: the caller's word; the variadic call gets a pointer to one `int`, which outlives it.
    #[cfg(feature = "c-libopus")]
    return unsafe { chosen::opus_encoder_ctl(state, request, std::ptr::from_mut(value)) };
}

/// What the library that encodes Opus calls itself, with its version: `libopus 1.6.1`, say. Encoded bytes are
/// the same only where this is the same.
#[must_use]
pub fn opus_encoder_version() -> &'static str {
    #[cfg(not(feature = "c-libopus"))]
    return chosen::opus_get_version_string();
    // SAFETY: it points to a constant of the library, which ends with a zero.
    #[cfg(feature = "c-libopus")]
    return unsafe { std::ffi::CStr::from_ptr(chosen::opus_get_version_string()) }
        .to_str()
        .unwrap_or("libopus");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_says_which_library_encodes() {
        let version = opus_encoder_version();
        assert_eq!(version.starts_with("libopus 1."), cfg!(feature = "c-libopus"), "{version}");
        assert_eq!(version.contains("rust port"), !cfg!(feature = "c-libopus"), "{version}");
    }
}
