//! Names: of a type, of its fields in Rust, of the words of a choice.

use anyhow::{Result, ensure};

/// Names that every drafted file uses already.
pub(super) const TAKEN: &[&str] = &[
    "Arn",
    "Aws",
    "BTreeMap",
    "BTreeSet",
    "Block",
    "Box",
    "Candidate",
    "Change",
    "Choice",
    "Created",
    "Deletion",
    "Error",
    "Json",
    "Lifecycle",
    "Name",
    "None",
    "Observed",
    "Ok",
    "Option",
    "Outputs",
    "Owner",
    "Readings",
    "Resource",
    "Result",
    "Secret",
    "Self",
    "Some",
    "Status",
    "String",
    "Tags",
    "Update",
    "Updated",
    "Vec",
    "Waiting",
];

/// `AWS::SQS::Queue`.
#[derive(Debug, Clone)]
pub(crate) struct TypeName {
    service: String,
    noun: String,
}

impl TypeName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is not of the form `AWS::Service::Noun`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split("::").collect();
        let word = |part: &str| {
            part.starts_with(|letter: char| letter.is_ascii_uppercase())
                && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        ensure!(
            parts.len() == 3 && parts[0] == "AWS" && parts[1..].iter().all(|part| word(part)),
            "`{text}` is no type of CloudFormation's: they are written AWS::Service::Noun, such as AWS::SQS::Queue"
        );
        Ok(Self { service: parts[1].to_owned(), noun: parts[2].to_owned() })
    }

    /// As CloudFormation writes it.
    pub(crate) fn full(&self) -> String {
        format!("AWS::{}::{}", self.service, self.noun)
    }

    /// The name of the struct: the noun, with the service before it where the file uses that name for something else.
    pub(crate) fn noun(&self) -> String {
        match TAKEN.contains(&self.noun.as_str()) {
            true => format!("{}{}", self.service, self.noun),
            false => self.noun.clone(),
        }
    }

    /// The service's module: `sqs`.
    pub(crate) fn service_module(&self) -> String {
        self.service.to_ascii_lowercase()
    }

    /// The type's module: `log_group`.
    pub(crate) fn module(&self) -> String {
        snake(&self.noun)
    }

    /// The kind: `aws:logs/log-group`.
    pub(crate) fn kind(&self) -> String {
        format!("aws:{}/{}", self.service_module(), self.module().replace('_', "-"))
    }
}

/// `db_instance_class` of `DBInstanceClass`.
pub(crate) fn snake(name: &str) -> String {
    // Otherwise the `v` of IPv6 would begin a word.
    let letters: Vec<char> = name.replace("IPv", "Ipv").chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let next_is_small = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let begins =
            letter.is_ascii_uppercase() && before.is_some_and(|before| !before.is_ascii_uppercase() || next_is_small);
        if begins && !out.ends_with('_') {
            out.push('_');
        }
        match letter.is_ascii_alphanumeric() {
            true => out.push(letter.to_ascii_lowercase()),
            false if !out.is_empty() && !out.ends_with('_') => out.push('_'),
            false => {}
        }
    }
    out.trim_end_matches('_').to_owned()
}

/// `CidrBlock` of `cidr_block`, as the derive does it for a field that does not name its property.
pub(crate) fn pascal(name: &str) -> String {
    name.split('_').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// The name of a type for a property or a definition: `lifecycleRule` becomes `LifecycleRule`.
pub(crate) fn type_name(name: &str) -> String {
    name.split(|letter: char| !letter.is_ascii_alphanumeric()).map(capital).collect()
}

/// The variant of a word: `SseKms` of `SSE-KMS`, `V1_2` of `1.2`.
pub(crate) fn variant(word: &str) -> String {
    let mut out = String::new();
    for part in word.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        // Two numbers in a row must not become one.
        if out.ends_with(|letter: char| letter.is_ascii_digit())
            && part.starts_with(|letter: char| letter.is_ascii_digit())
        {
            out.push('_');
        }
        let shouted = !part.bytes().any(|letter| letter.is_ascii_lowercase());
        out.push_str(&capital(&if shouted { part.to_ascii_lowercase() } else { part.to_owned() }));
    }
    match out.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("V{out}"),
        Some(_) => out,
    }
}

/// A field's name, written so that it is no keyword.
pub(crate) fn field(name: &str) -> String {
    const KEYWORDS: [&str; 39] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
        "extern", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
        "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "try", "type", "use",
    ];
    match name {
        // The last call of every builder.
        "build" => "build_settings".to_owned(),
        _ if name.starts_with(|letter: char| letter.is_ascii_digit()) => format!("n{name}"),
        _ if KEYWORDS.contains(&name)
            || matches!(name, "unsafe" | "virtual" | "where" | "while" | "yield" | "true" | "false") =>
        {
            format!("r#{name}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_capitals_is_split_where_its_words_begin() {
        for (name, wanted) in [
            ("QueueName", "queue_name"),
            ("DBInstanceClass", "db_instance_class"),
            ("KmsMasterKeyId", "kms_master_key_id"),
            ("VPCId", "vpc_id"),
            ("IPv6Enabled", "ipv6_enabled"),
            ("S3BucketName", "s3_bucket_name"),
            ("EnableHTTP2", "enable_http2"),
            ("deadLetterTargetArn", "dead_letter_target_arn"),
            ("aws:x", "aws_x"),
        ] {
            assert_eq!(snake(name), wanted);
        }
    }

    #[test]
    fn every_word_of_a_choice_has_a_variant() {
        for (word, wanted) in [
            ("SSE-KMS", "SseKms"),
            ("PAY_PER_REQUEST", "PayPerRequest"),
            ("perQueue", "PerQueue"),
            ("1.2", "V1_2"),
            ("TLSv1.2_2021", "TLSv1_2_2021"),
            ("", "Empty"),
            ("http-only", "HttpOnly"),
        ] {
            assert_eq!(variant(word), wanted);
        }
    }

    #[test]
    fn a_type_that_is_none_is_refused_with_an_example() {
        for wrong in ["SQS::Queue", "AWS::SQS", "AWS::SQS::Queue::X", "AWS::sqs::queue", "AWS::SQS::Que ue"] {
            let error = TypeName::parse(wrong).map(|name| name.full()).unwrap_err().to_string();
            assert!(error.contains("AWS::SQS::Queue"), "{error}");
        }
    }

    #[test]
    fn a_noun_that_the_file_needs_for_something_else_gets_its_service() {
        assert_eq!(TypeName::parse("AWS::ApiGateway::Resource").unwrap().noun(), "ApiGatewayResource");
        assert_eq!(TypeName::parse("AWS::SQS::Queue").unwrap().noun(), "Queue");
    }
}
