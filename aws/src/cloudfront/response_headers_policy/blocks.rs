//! The choices and blocks of a response headers policy.

use std::collections::BTreeSet;

use formwork_engine::{Block, Choice};

/// What pages of other origins may do.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum Cors {
    /// Nothing is said of it.
    #[choice("off")]
    Off,
    /// This is said of it.
    #[choice("answered")]
    Answered {
        /// What.
        settings: CorsSettings,
    },
}

/// What is said to pages of other origins.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct CorsSettings {
    /// The origins, such as `https://example.com`, or `*`.
    pub allow_origins: BTreeSet<String>,
    /// The methods.
    pub allow_methods: BTreeSet<CorsMethod>,
    /// The headers that requests may have, or `*`.
    #[arg(default = BTreeSet::from(["*".to_owned()]))]
    pub allow_headers: BTreeSet<String>,
    /// The headers that scripts may see.
    #[arg(default)]
    pub expose_headers: BTreeSet<String>,
    /// Whether requests may have cookies. Not together with `*`.
    #[arg(default = false)]
    pub allow_credentials: bool,
    /// For how many seconds a browser may remember the answer; ten minutes when left out.
    #[arg(default = 600)]
    pub max_age_seconds: i32,
    /// Whether this counts where the origin says something of it too.
    #[arg(default = true)]
    pub origin_override: bool,
}

/// A method that pages of other origins may use.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CorsMethod {
    /// All of them.
    #[choice("ALL")]
    All,
    /// Deletes.
    #[choice("DELETE")]
    Delete,
    /// Reads.
    #[choice("GET")]
    Get,
    /// Reads the headers only.
    #[choice("HEAD")]
    Head,
    /// Asks what may be done.
    #[choice("OPTIONS")]
    Options,
    /// Changes a part.
    #[choice("PATCH")]
    Patch,
    /// Sends.
    #[choice("POST")]
    Post,
    /// Puts in place.
    #[choice("PUT")]
    Put,
}

/// What a page may load.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum ContentSecurityPolicy {
    /// Nothing is said of it.
    #[choice("off")]
    Off,
    /// This.
    #[choice("sent")]
    Sent {
        /// The policy, such as `default-src 'self'`.
        policy: String,
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
}

/// Whether a browser may guess at types.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum ContentTypeOptions {
    /// Nothing is said of it.
    #[choice("off")]
    Off,
    /// It may not.
    #[choice("nosniff")]
    Nosniff {
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
}

/// Whether a page may stand in a frame.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum FrameOptions {
    /// Nothing is said of it.
    #[choice("off")]
    Off,
    /// It may not.
    #[choice("DENY")]
    Deny {
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
    /// In pages of its own origin only.
    #[choice("SAMEORIGIN")]
    SameOrigin {
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
}

/// What a browser says of where it comes from.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum ReferrerPolicy {
    /// Nothing is said of it.
    #[choice("off")]
    Off,
    /// This.
    #[choice("sent")]
    Sent {
        /// What.
        policy: Referrer,
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
}

/// What a browser tells of the page that a request comes from.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referrer {
    /// Nothing.
    #[choice("no-referrer")]
    NoReferrer,
    /// The page, but nothing from a page with TLS to one without.
    #[choice("no-referrer-when-downgrade")]
    NoReferrerWhenDowngrade,
    /// Its origin.
    #[choice("origin")]
    Origin,
    /// The page to its own origin, the origin to others.
    #[choice("origin-when-cross-origin")]
    OriginWhenCrossOrigin,
    /// The page to its own origin, nothing to others.
    #[choice("same-origin")]
    SameOrigin,
    /// Its origin, but nothing from a page with TLS to one without.
    #[choice("strict-origin")]
    StrictOrigin,
    /// The page to its own origin, the origin to others, but nothing from a page with TLS to one without.
    #[choice("strict-origin-when-cross-origin")]
    StrictOriginWhenCrossOrigin,
    /// The page, to everybody.
    #[choice("unsafe-url")]
    UnsafeUrl,
}

/// For how long a browser asks with TLS only.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum StrictTransportSecurity {
    /// Nothing is said of it.
    #[choice("off")]
    Off,
    /// For this long.
    #[choice("sent")]
    Sent {
        /// For how many seconds after each answer.
        max_age_seconds: i32,
        /// Whether it is for all names under this one too.
        include_subdomains: bool,
        /// Whether browsers may know it without ever having asked.
        preload: bool,
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
}

/// What former browsers do about scripts that came in with a request.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum XssProtection {
    /// Nothing is said of it.
    #[choice("off")]
    Off,
    /// They do not look for them: what is recommended beside a content security policy.
    #[choice("disabled")]
    Disabled {
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
    /// They take them out.
    #[choice("filtered")]
    Filtered {
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
    /// They do not show the page.
    #[choice("blocked")]
    Blocked {
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
    /// They take them out, and report it.
    #[choice("reported")]
    Reported {
        /// Where to.
        report_uri: String,
        /// Whether it counts where the origin sends the header too.
        override_origin: bool,
    },
}

/// A header that is added.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CustomHeader {
    /// Its name.
    pub header: String,
    /// Its value.
    pub value: String,
    /// Whether it counts where the origin sends the header too.
    #[arg(default = true)]
    pub override_origin: bool,
}

/// Whether answers tell how they came about.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum ServerTiming {
    /// They do not.
    #[choice("off")]
    Off,
    /// Some do.
    #[choice("sampled")]
    Sampled {
        /// How many of a million; those of requests that ask for it do so in any case where it is 0.
        per_million: i32,
    },
}
