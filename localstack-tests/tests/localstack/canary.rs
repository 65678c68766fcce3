//! Known secrets go every way that a secret can go, with everything said that can be said, and are found in no byte that is left: not in the
//! state, not in plans, not in what was printed, not at trace level, not in a panic.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use formwork_emulator::{Action, Config, Emulator, Fault, Lifetime};

const ACCOUNT: &str = "300000000001";
const PASSPHRASE: &str = "canary-passphrase-Vq7wQ";
const CLEAR: &str = "canary-clear-pD4kLx";
const VARIABLE: &str = "canary-variable-\"quoted\"-W2z\\/slash";
const FILE: &str = "canary-file-0123456789-Hj6";
const SEALED: &str = "canary-sealed-Tn8Yb";
const DOCUMENT: &str = r#"{"API_KEY": "canary-document-Rs5Qe", "DEBUG": "true"}"#;
const WITHIN_DOCUMENT: &str = "canary-document-Rs5Qe";

const CONFIG: &str = "\
clear = \"canary-clear-pD4kLx\"
variable = { env = \"CANARY_VARIABLE\" }
file = { file = \"token.txt\" }
generated = { env = \"CANARY_ABSENT\" }
document = { env = \"CANARY_DOCUMENT\" }
days = 30

[aws]
account_id = \"300000000001\"
region = \"eu-west-1\"

[aws.default_tags]
team = \"platform\"
";

/// A project with a LocalStack of its own, as `--local` has it, and everything that was printed in it.
struct Project {
    root: tempfile::TempDir,
    emulator: Emulator,
    printed: BTreeMap<String, Vec<u8>>,
}

impl Drop for Project {
    fn drop(&mut self) {
        // The command line keeps a LocalStack that it finds running; this one belongs to the test.
        let _ = Emulator::stop(&self.root.path().join(".formwork/emulator"));
    }
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Project {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("stacks")).unwrap();
        std::fs::create_dir(root.path().join("plans")).unwrap();
        let config = Config {
            cache: localstack_tests::cache(),
            run: root.path().join(".formwork/emulator"),
            port: None,
            lifetime: Lifetime::WithParent(std::process::id()),
            python: None,
        };
        let emulator = Emulator::ensure(&config, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
        Self { root, emulator, printed: BTreeMap::new() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Runs a command with everything said that can be said.
    fn run(&self, line: &str, stdin: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canary"));
        command.args(line.split(' ')).current_dir(self.root.path());
        command
            .env("FORMWORK_LOG", "trace")
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .env("FORMWORK_PASSPHRASE", PASSPHRASE)
            .env("CANARY_VARIABLE", VARIABLE)
            .env("CANARY_DOCUMENT", DOCUMENT)
            .env("PROD_APP_ENV", DOCUMENT)
            .env_remove("CANARY_ABSENT");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: ended.status.code(), out: text(ended.stdout), err: text(ended.stderr) }
    }

    /// The same, kept for the search, with the exit code that is expected.
    #[track_caller]
    fn expect(&mut self, line: &str, code: i32) -> Ran {
        let ran = self.run(line, "");
        assert_eq!(ran.code, Some(code), "{line}\nstdout:\n{}\nstderr:\n{}", ran.out, ran.err);
        let number = self.printed.len();
        self.printed.insert(format!("{number} `{line}` stdout"), ran.out.clone().into_bytes());
        self.printed.insert(format!("{number} `{line}` stderr"), ran.err.clone().into_bytes());
        ran
    }

    fn configure(&self, text: &str) {
        std::fs::write(self.path("stacks/paths.toml"), text).unwrap();
    }

    /// Everything that is left: what was printed, the state with its exchange, the plans. LocalStack's own files are its, as AWS's are AWS's.
    fn left(&self) -> BTreeMap<String, Vec<u8>> {
        let mut left = self.printed.clone();
        collect(&self.path(".formwork"), &mut left);
        collect(&self.path("plans"), &mut left);
        left.retain(|name, _| !name.contains("/.formwork/emulator/"));
        left
    }

    /// No byte of what is left belongs to a secret, however it is written.
    #[track_caller]
    fn is_clean(&self, secrets: &[&str]) {
        let left = self.left();
        assert!(left.keys().any(|name| name.ends_with("/log")), "{:?}", left.keys());
        for secret in secrets {
            for (how, form) in forms(secret) {
                for (name, bytes) in &left {
                    let found = bytes.windows(form.len()).position(|window| window == form);
                    let around = |at: usize| {
                        String::from_utf8_lossy(&bytes[at.saturating_sub(200)..(at + 200).min(bytes.len())])
                            .into_owned()
                    };
                    assert!(found.is_none(), "{name} has {secret} {how}: {}", around(found.unwrap_or_default()));
                }
            }
        }
    }
}

fn collect(folder: &Path, left: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, left);
        } else if path.is_file() {
            left.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
}

/// The ways in which a secret may be written.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let json = serde_json::Value::from(secret).to_string();
    let escaped = json.trim_matches('"').to_owned();
    let twice = serde_json::Value::from(escaped.as_str()).to_string().trim_matches('"').to_owned();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let url: String = secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let mut forms = vec![
        ("as it is", secret.as_bytes().to_vec()),
        ("in JSON", escaped.into_bytes()),
        ("in JSON within JSON", twice.into_bytes()),
        ("in hex", hex.into_bytes()),
        ("in a URL", url.into_bytes()),
        ("in a debug print", format!("{secret:?}").trim_matches('"').as_bytes().to_vec()),
    ];
    for skipped in 0..3 {
        // Wherever it begins within the text that was encoded: whole groups of three bytes are the same.
        let inner = &secret.as_bytes()[skipped..];
        let inner = &inner[..inner.len() / 3 * 3];
        forms.push(("in base64", base64(inner, b"+/")));
        forms.push(("in base64 for URLs", base64(inner, b"-_")));
    }
    forms
}

fn base64(bytes: &[u8], last: &[u8; 2]) -> Vec<u8> {
    let digits: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*last).collect();
    bytes
        .chunks_exact(3)
        .flat_map(|chunk| {
            let group = chunk.iter().fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
            [18, 12, 6, 0].map(|shift| digits[group >> shift & 63])
        })
        .collect()
}

/// One LocalStack for both stacks: each of them starts with half a gigabyte.
#[test]
fn no_secret_is_left_anywhere() {
    let mut project = Project::new();
    paths(&mut project);
    prod(&mut project);
}

/// Every origin and every way of a secret.
fn paths(project: &mut Project) {
    let all = [PASSPHRASE, CLEAR, VARIABLE, FILE, SEALED, DOCUMENT, WITHIN_DOCUMENT];
    std::fs::write(project.path("stacks/token.txt"), format!("{FILE}\n")).unwrap();
    project.configure(CONFIG);
    project.expect("config init-key paths", 0);
    let set = project.run("config set paths sealed --secret", SEALED);
    assert_eq!(set.code, Some(0), "{}", set.err);
    let configured = std::fs::read_to_string(project.path("stacks/paths.toml")).unwrap();
    assert!(configured.contains("sealed = { sealed = \"v1:") && !configured.contains(SEALED), "{configured}");

    project.expect("preview paths --local --save plans/first.json", 0);
    project.expect("preview paths --local --json", 0);

    // A service that repeats what it refuses, in every form in which it may.
    let echo = format!(
        "invalid: {CLEAR} {VARIABLE} {FILE} {SEALED} {DOCUMENT} {}",
        forms(VARIABLE).into_iter().map(|(_, form)| String::from_utf8(form).unwrap()).collect::<Vec<_>>()[1]
    );
    for operation in ["CreateSecret", "CreateDBInstance", "CreateReplicationGroup"] {
        let refused = Action::Error { code: "InvalidParameterException".into(), message: echo.clone(), status: 400 };
        project.emulator.admin().inject(&Fault::new(ACCOUNT, refused).operation(operation)).unwrap();
    }
    let failed = project.expect("up paths --local --yes --json", 3);
    assert!(failed.out.contains("invalid: (secret) (secret) (secret)"), "{}\n{}", failed.out, failed.err);
    project.is_clean(&all);
    project.emulator.admin().clear_faults(ACCOUNT).unwrap();

    project.expect("up paths --local --yes --json", 0);
    project.configure(&configured.replace("days = 30", "days = 60"));
    project.expect("preview paths --local --save plans/second.json", 0);
    project.expect("up paths --local --plan plans/second.json", 0);
    project.expect("refresh paths --local --json", 0);
    for line in [
        "state list paths --local",
        "state list paths --local --json",
        "state show paths orders --local",
        "state show paths url --local --json",
        "state export paths --local",
        "output paths --local",
        "output paths --local --json",
        "config get paths sealed",
    ] {
        project.expect(line, 0);
    }
    // What stands in the configuration in the clear, it lists so: that is no secret to whoever reads the file.
    let listed = project.run("config list paths", "");
    assert!(listed.out.contains("(secret)") && !listed.out.contains(SEALED), "{}", listed.out);
    for switch in ["panics = true", "fails = true"] {
        project.configure(&configured.replace("days = 30", &format!("days = 60\n{switch}")));
        let panicked = project.expect("preview paths --local", 70);
        assert!(panicked.err.contains("panicked at") && panicked.err.contains("(secret)"), "{}", panicked.err);
    }
    project.configure(&configured.replace("days = 30", "days = 60"));
    project.is_clean(&all);

    // The search finds what is there: asked for, a secret is shown, and what --local made up is the same every time.
    let shown = project.run("output paths url --local --show-secrets", "");
    assert!(shown.out.starts_with(&format!("postgres://orders:{SEALED}@")), "{}\n{}", shown.out, shown.err);
    project.printed.insert("shown".to_owned(), shown.out.into_bytes());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| project.is_clean(&all))).is_err());
    project.printed.remove("shown");

    project.expect("destroy paths --local --yes --json", 0);
    project.is_clean(&all);
}

/// The production stack as it is.
fn prod(project: &mut Project) {
    let config = include_str!("../../../stacks/prod.toml");
    let token = "{ env = \"PROD_REDIS_AUTH_TOKEN\" }";
    assert!(config.contains(token));
    std::fs::write(project.path("stacks/prod.toml"), config.replace(token, "{ file = \"token.txt\" }")).unwrap();
    project.expect("preview prod --local --save plans/prod.json", 0);
    project.expect("up prod --local --yes --json", 0);
    for line in ["preview prod --local --json", "state export prod --local", "output prod --local --json"] {
        project.expect(line, 0);
    }
    project.is_clean(&[PASSPHRASE, FILE, DOCUMENT, WITHIN_DOCUMENT]);
}
