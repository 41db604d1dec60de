//! What happens at the very moment at which something ends: it has ended.

use super::*;
use crate::Secret;
use crate::endpoint::RefreshUse;
use crate::lifecycle::parts::{Kept, Live};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A world whose source is asked, and answered so.
fn answered(policy: RefreshPolicy, random: f64, answer: Answer) -> World {
    let mut world = World::new(policy, random);
    ask(&mut world, answer);
    world
}

fn ask(world: &mut World, answer: Answer) {
    for op in [Op::Read { life: Duration::ZERO }, Op::Attempt, Op::Answer(answer)] {
        world.apply(&op);
    }
}

fn token() -> Answer {
    Answer::Token { lifetime: HOUR, repeats: false, awaited: true }
}

fn refusal() -> Answer {
    Answer::Fail { error: Fault::Rejected, awaited: true }
}

fn hold_of(world: &World) -> Moment {
    world.now + world.life.status(world.now).next_attempt.expect("a hold")
}

fn lifts(world: &mut World) -> usize {
    let events = world.life.drain_events();
    events.iter().filter(|event| matches!(event, EventKind::HoldLifted { .. })).count()
}

#[test]
fn token_is_no_longer_young_at_the_end_of_its_youth() {
    let policy = RefreshPolicy::default();
    let youth = policy.young_token;
    let mut world = World::new(policy, 0.5);
    for _ in 0..=crate::MAX_REJECTIONS {
        ask(&mut world, token());
        world.apply(&Op::Wait(youth));
        let value = format!("invented-{}", world.tokens.len() - 1);
        assert_eq!(world.life.rejected(&value, world.now), Rejection::Accepted);
        world.current = None;
        world.flying = None;
    }
}

#[test]
fn hold_that_is_just_over_cannot_be_lifted() {
    let mut world = answered(RefreshPolicy::default(), 0.5, refusal());
    world.now = hold_of(&world);
    world.life.force(world.now);
    assert_eq!(lifts(&mut world), 0);

    let mut world = answered(RefreshPolicy::default(), 0.5, refusal());
    world.now = hold_of(&world);
    world.life.probed(Some(Fingerprint::of_parts(&["new"])), world.life.failures(), world.now);
    assert_eq!((lifts(&mut world), world.life.lifts), (0, 0));
}

#[test]
fn look_at_the_credentials_that_falls_on_the_end_of_the_hold_is_none() {
    let policy = RefreshPolicy { min_interval: 60 * SECOND, keep_warm: KeepWarm::Always, ..RefreshPolicy::default() };
    // The highest random number there is: the first hold is all of its second.
    let mut world = answered(policy, 1.0, token());
    for op in [Op::Wait(50 * 60 * SECOND), Op::Background, Op::Attempt] {
        world.apply(&op);
    }
    world.apply(&Op::Answer(Answer::Fail { error: Fault::Unavailable(None), awaited: false }));
    assert_eq!(hold_of(&world), world.now + PROBE_INTERVAL);
    let Background::Sleep(until) = world.life.background(world.now) else { panic!("nothing to wait for") };
    assert!(until > world.now + PROBE_INTERVAL, "it would look in for nothing");
}

#[test]
fn wish_for_all_of_a_fresh_tokens_life_is_fulfilled_by_the_next_one() {
    let mut world = answered(RefreshPolicy::default(), 0.5, token());
    let landed = world.life.published().map(AccessToken::id);
    world.apply(&Op::Wait(SECOND));
    let wish = Want { life: HOUR, after: Some(FlightId(1)) };
    assert!(matches!(world.life.read(world.now, wish), Read::Join(Some(_))), "{landed:?} had that much once");
}

#[test]
fn source_that_is_asked_on_demand_has_nothing_to_do_in_the_background() {
    let policy = RefreshPolicy { keep_warm: KeepWarm::OnDemand, ..RefreshPolicy::default() };
    let mut world = answered(policy, 0.5, token());
    assert!(matches!(world.life.background(world.now), Background::Idle));
}

#[test]
fn attempt_is_made_again_where_there_is_just_the_time_for_it() {
    let mut policy = RefreshPolicy::default();
    let needed = policy.backoff(2, 0.5) + policy.retry_reserve;
    policy.flight_timeout = needed;
    let unavailable = Answer::Fail { error: Fault::Unavailable(None), awaited: true };
    assert!(answered(policy.clone(), 0.5, unavailable.clone()).flying.is_some());
    policy.flight_timeout = needed - SECOND / 1000;
    assert!(answered(policy, 0.5, unavailable).flying.is_none());
}

#[test]
fn flights_that_send_nothing_are_given_more_time_each_until_one_begins() {
    let mut world = World::new(RefreshPolicy::default(), 0.5);
    let mut given = Vec::new();
    for _ in 0..7 {
        world.apply(&Op::Read { life: Duration::ZERO });
        let patience = world.life.patience(world.goes_on);
        given.push(patience.as_secs());
        world.now = world.goes_on + patience;
        world.apply(&Op::Impatient);
        assert_eq!(world.life.flight(), None);
    }
    assert_eq!(given, [2, 4, 8, 16, 32, 35, 35]);
    ask(&mut world, refusal());
    world.now = hold_of(&world);
    world.apply(&Op::Read { life: Duration::ZERO });
    assert_eq!(world.life.patience(world.goes_on).as_secs(), 2, "one has begun since");
}

#[test]
fn flight_that_has_begun_is_given_all_of_its_time() {
    let mut world = World::new(RefreshPolicy::default(), 0.5);
    for op in [Op::Read { life: Duration::ZERO }, Op::Attempt, Op::Wait(34 * SECOND), Op::Impatient] {
        world.apply(&op);
    }
    assert_eq!(world.life.patience(world.now).as_secs(), 1);
    assert!(world.life.flight().is_some());
}

#[test]
fn wall_clock_that_is_set_in_a_flight_moves_what_is_shown_and_no_more() {
    let kept = |wall| {
        let mut world = World::new(RefreshPolicy::default(), 0.5);
        for op in [Op::Read { life: Duration::ZERO }, Op::Attempt] {
            world.apply(&op);
        }
        let (answer, notes) = (TokenResponse::new("invented", HOUR), crate::endpoint::Notes::default());
        let done = Done { answer, requested_at: world.now, wall, refresh_token: None, notes, awaited: true };
        let flight = world.life.flight().expect("a flight");
        assert!(matches!(world.life.attempt_done(flight, done, world.now, 0.5), After::Landed(Ok(()))));
        let Live { token, usable_until, expires_at, renew_at, .. } = world.life.token.expect("a token");
        assert_eq!(token.expires_at(), wall + HOUR);
        (usable_until, expires_at, renew_at)
    };
    let noon = SystemTime::UNIX_EPOCH + 12 * HOUR;
    assert_eq!([kept(noon - HOUR), kept(noon + HOUR)], [kept(noon), kept(noon)]);
}

#[test]
fn refresh_token_in_a_flight_that_was_given_up_counts_as_spent() {
    let kept = Kept { value: Secret::new("invented-refresh").expect("a secret"), until: None };
    let notes = crate::endpoint::Notes { fingerprint: None, refresh: Some(RefreshUse::Unsent) };
    let (answer, wall) = (Err(error(Fault::Cut)), SystemTime::UNIX_EPOCH);
    let mut world = World::new(RefreshPolicy::default(), 0.5);
    let done = Done { answer, requested_at: world.now, wall, refresh_token: Some(kept), notes, awaited: true };
    assert!(matches!(world.life.attempt_done(FlightId(7), done, world.now, 0.5), After::Abandoned));
    assert!(world.life.refresh.kept.is_none());
}

#[test]
fn refresh_token_is_spent_until_its_end_and_not_at_it() {
    let keep = |until| Refresh {
        kept: Some(Kept { value: Secret::new("invented-refresh").expect("a secret"), until: Some(until) }),
        ..Refresh::default()
    };
    let end = Moment::from_origin(HOUR);
    assert!(keep(end).spend(end - SECOND).is_some());
    assert!(keep(end).spend(end).is_none());
}

#[test]
fn rejections_are_counted_and_ignored_within_their_window_and_not_at_its_end() {
    let policy = RefreshPolicy::default();
    let (mut rejections, begin) = (Rejections::default(), Moment::from_origin(HOUR));
    let end = begin + policy.rejection_window;
    for at in [begin, end, end] {
        rejections.count(at, &policy);
    }
    assert!(!rejections.are_ignored(end), "the first was long ago");
    rejections.count(end, &policy);
    assert!(rejections.are_ignored(end) && !rejections.are_ignored(end + policy.rejection_window));
}
