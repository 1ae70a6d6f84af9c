//! Shrinking: the shortest story that still violates the same rule.

use crate::sync::replica::simulation::ledger::{Rule, Violation};
use crate::sync::replica::simulation::story::Story;

/// So many stories are tried at most.
const MAX_TRIES: usize = 600;

/// Each shorter story is tried with so many other courses of chance.
const SEEDS: u64 = 6;

/// Shortens a story that violates something.
pub(super) fn shrink(story: &Story, violation: &Violation) -> (Story, Violation) {
    let mut best = (story.clone(), violation.clone());
    let mut tries = MAX_TRIES;
    loop {
        let before = (best.0.happenings.len(), best.0.parts.len());
        for size in [8, 4, 2, 1] {
            let mut at = 0;
            while at < best.0.happenings.len() && tries > 0 {
                let mut shorter = best.0.clone();
                let end = (at + size).min(shorter.happenings.len());
                shorter.happenings.drain(at..end);
                match fails(&shorter, violation.rule, &mut tries) {
                    Some(found) => best = found,
                    None => at += size,
                }
            }
        }
        while best.0.parts.len() > 1 && tries > 0 {
            let mut fewer = best.0.clone();
            fewer.parts.pop();
            match fails(&fewer, violation.rule, &mut tries) {
                Some(found) => best = found,
                None => break,
            }
        }
        if tries == 0 || (best.0.happenings.len(), best.0.parts.len()) == before {
            return best;
        }
    }
}

/// Whether a story violates this rule, by some course of chance.
fn fails(story: &Story, rule: Rule, tries: &mut usize) -> Option<(Story, Violation)> {
    (0..SEEDS).find_map(|more| {
        if *tries == 0 {
            return None;
        }
        *tries -= 1;
        let seed = if more == 0 { story.seed } else { story.seed.wrapping_mul(31).wrapping_add(more) };
        let story = Story { seed, ..story.clone() };
        let violation = story.play().err().filter(|violation| violation.rule == rule)?;
        Some((story, violation))
    })
}
