use formwork_engine::apply::retry::Jitter;

use super::*;

const LIMIT: Limit = Limit { service: "ec2", operations: &[], mutate: true, size: 50.0, refill: 5.0 };

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn go(bucket: &mut Bucket, now: Duration) -> Pass {
    match bucket.ask(now) {
        Verdict::Go(pass) => pass,
        other => panic!("{other:?} at {now:?}"),
    }
}

/// A bucket that has seen so many calls served, with as much in it as it holds.
fn used_to(calls: usize) -> (Bucket, Duration) {
    let mut bucket = Bucket::new(LIMIT, 1, s(0));
    for _ in 0..calls {
        let pass = go(&mut bucket, s(0));
        bucket.answered(pass, Heard::Served, s(0));
    }
    (bucket, s(100))
}

#[test]
fn a_new_bucket_sends_one_and_doubles_with_every_round_of_answers() {
    let mut bucket = Bucket::new(LIMIT, 1, s(0));
    for width in [1, 2, 4, 8, 16] {
        let passes: Vec<Pass> = (0..width).map(|_| go(&mut bucket, s(0))).collect();
        assert_eq!(bucket.ask(s(0)), Verdict::OnAnswer);
        passes.into_iter().for_each(|pass| bucket.answered(pass, Heard::Served, s(0)));
    }
}

#[test]
fn what_is_documented_may_leave_and_no_more() {
    let (mut bucket, now) = used_to(50);
    for _ in 0..50 {
        go(&mut bucket, now);
    }
    let Verdict::At(later) = bucket.ask(now) else { panic!("the fifty-first waits") };
    assert!((later - now).abs_diff(Duration::from_millis(201)) < Duration::from_millis(2), "{later:?}");
    go(&mut bucket, later);
}

#[test]
fn a_refusal_halves_the_rate_once_for_all_that_were_under_way() {
    let (mut bucket, now) = used_to(49);
    let passes: Vec<Pass> = (0..10).map(|_| go(&mut bucket, now)).collect();
    passes.into_iter().for_each(|pass| bucket.answered(pass, Heard::Throttled, now));
    assert_eq!(bucket.refused(), (10, 2.5));
    assert_eq!(bucket.ask(now), Verdict::At(now + FIRST_PAUSE));
}

#[test]
fn while_everything_is_refused_one_call_tries_at_a_time_and_ever_more_rarely() {
    let mut bucket = Bucket::new(LIMIT, 1, s(0));
    let (mut now, mut sent) = (s(0), Vec::new());
    while now < s(300) {
        match bucket.ask(now) {
            Verdict::Go(pass) => {
                sent.push(now.as_secs());
                assert_eq!(bucket.ask(now), Verdict::OnAnswer, "nobody else while one tries");
                bucket.answered(pass, Heard::Throttled, now);
            }
            Verdict::At(later) => now = later,
            Verdict::OnAnswer => panic!("nothing is under way"),
        }
    }
    assert_eq!(sent, [0, 1, 5, 21, 66, 111, 156, 201, 246, 291]);
    assert!((bucket.rate() - 2.5).abs() < 1e-9, "how fast it is when it takes calls nobody has said");
}

#[test]
fn the_call_that_is_served_opens_it_and_the_rate_comes_back() {
    let (mut bucket, now) = used_to(10);
    let pass = go(&mut bucket, now);
    bucket.answered(pass, Heard::Throttled, now);
    let mut now = now + FIRST_PAUSE;
    for served in 0..24 {
        assert!(bucket.rate() < 5.0, "after {served}");
        let pass = loop {
            match bucket.ask(now) {
                Verdict::Go(pass) => break pass,
                Verdict::At(later) => now = later,
                Verdict::OnAnswer => panic!("nothing is under way"),
            }
        };
        bucket.answered(pass, Heard::Served, now);
    }
    assert!((bucket.rate() - 5.0).abs() < 1e-9);
    // The next refusal begins with the short pause again.
    let pass = go(&mut bucket, now + s(1));
    bucket.answered(pass, Heard::Throttled, now + s(1));
    assert_eq!(bucket.ask(now + s(1)), Verdict::At(now + s(1) + FIRST_PAUSE));
}

#[test]
fn one_that_tried_and_was_lost_lets_another_try() {
    let mut bucket = Bucket::new(LIMIT, 1, s(0));
    let pass = go(&mut bucket, s(0));
    bucket.answered(pass, Heard::Throttled, s(0));
    let probe = go(&mut bucket, s(1));
    assert_eq!(bucket.ask(s(1)), Verdict::OnAnswer);
    bucket.answered(probe, Heard::Nothing, s(3));
    go(&mut bucket, s(3));
}

#[test]
fn an_answer_from_before_a_closing_does_not_open_it() {
    let (mut bucket, now) = used_to(10);
    let (early, refused) = (go(&mut bucket, now), go(&mut bucket, now));
    bucket.answered(refused, Heard::Throttled, now);
    bucket.answered(early, Heard::Served, now);
    assert_eq!(bucket.ask(now), Verdict::At(now + FIRST_PAUSE));
}

/// A service that takes so many calls a second and refuses the others, as EC2 does.
struct Service {
    tokens: f64,
    size: f64,
    refill: f64,
    at: Duration,
}

impl Service {
    fn hear(&mut self, now: Duration) -> Heard {
        self.tokens = (self.tokens + (now - self.at).as_secs_f64() * self.refill).min(self.size);
        self.at = now;
        if self.tokens < 1.0 {
            return Heard::Throttled;
        }
        self.tokens -= 1.0;
        Heard::Served
    }
}

/// Calls a service with answers that take their time, as fast as the bucket lets them, until this many were served: when each was sent, and
/// how it was answered.
fn played(seed: &str, limit: Limit, mut service: Service, wanted: usize) -> Vec<(Duration, Heard)> {
    let mut draw = Jitter::seeded(seed);
    let mut bucket = Bucket::new(limit, 1, s(0));
    let (mut now, mut sent, mut served) = (s(0), Vec::new(), 0);
    let mut under_way: Vec<(Duration, Pass, Heard)> = Vec::new();
    while served < wanted {
        under_way.sort_by_key(|(at, ..)| *at);
        let verdict = bucket.ask(now);
        if let Verdict::Go(pass) = verdict {
            let heard = service.hear(now);
            sent.push((now, heard));
            under_way.push((now + Duration::from_secs_f64(0.01 + draw.draw() * 2.0), pass, heard));
            continue;
        }
        let answer = under_way.first().map(|(at, ..)| *at);
        now = match (verdict, answer) {
            (Verdict::At(later), Some(answer)) if answer <= later => answer,
            (Verdict::At(later), _) => later,
            (_, Some(answer)) => answer,
            (_, None) => panic!("{seed}: nobody may leave and nothing is under way"),
        };
        assert!(now < s(100_000), "{seed}: it got stuck");
        while under_way.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, pass, heard) = under_way.remove(0);
            served += usize::from(heard == Heard::Served);
            bucket.answered(pass, heard, now);
        }
    }
    sent
}

#[test]
fn whatever_a_service_takes_it_is_found_with_few_refusals() {
    for seed in 0..200_u32 {
        let mut draw = Jitter::seeded(&format!("limits {seed}"));
        let refill = 0.2 + draw.draw() * 10.0;
        let size = 1.0 + draw.draw() * 60.0;
        let service = Service { tokens: size, size, refill, at: s(0) };
        let sent = played(&seed.to_string(), LIMIT, service, 400);
        let refused = sent.iter().filter(|(_, heard)| *heard == Heard::Throttled).count();
        assert!(refused <= 60, "{seed}: {refused} refused of {} by {size:.0}/{refill:.1}", sent.len());
    }
}

#[test]
fn never_more_leave_in_any_time_than_the_table_says() {
    for seed in 0..50_u32 {
        let mut draw = Jitter::seeded(&format!("bounds {seed}"));
        let limit = Limit { size: 1.0 + draw.draw() * 60.0, refill: 0.3 + draw.draw() * 20.0, ..LIMIT };
        let all = Service { tokens: 1e9, size: 1e9, refill: 0.0, at: s(0) };
        let sent = played(&seed.to_string(), limit, all, 400);
        for (first, (from, _)) in sent.iter().enumerate() {
            for (last, (to, _)) in sent.iter().enumerate().skip(first) {
                let most = limit.size + (*to - *from).as_secs_f64() * limit.refill + 1.0;
                let count = f64::from(u32::try_from(last - first).unwrap_or(u32::MAX)) + 1.0;
                assert!(count <= most, "{seed}: {count} calls from {from:?} to {to:?}");
            }
        }
    }
}
