//! Elastic File System: file systems and their mount targets.
