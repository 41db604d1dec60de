//! What the simulation found, each as a short story of its own.

use super::*;

/// A look at the credentials that nobody took before its hold was over stayed due for ever, and
/// background renewal looked in without a pause until the least interval had passed.
#[test]
fn background_renewal_sleeps_out_an_interval_that_is_longer_than_the_hold() {
    let minute = Duration::from_secs(60);
    let policy = RefreshPolicy { keep_warm: KeepWarm::Always, min_interval: minute, ..RefreshPolicy::default() };
    let mut world = World::new(policy, 0.5);
    for op in [Op::Read { life: Duration::ZERO }, Op::Attempt] {
        world.apply(&op);
    }
    world.apply(&Op::Answer(Answer::Token { lifetime: minute * 10, repeats: false, awaited: true }));
    for op in [Op::Wait(minute * 8), Op::Background, Op::Attempt] {
        world.apply(&op);
    }
    world.apply(&Op::Answer(Answer::Fail { error: Fault::Rejected, awaited: false }));
    world.apply(&Op::Wait(minute / 2));
    world.apply(&Op::Read { life: Duration::ZERO });
    world.life.take_probe(world.now);
    let Background::Sleep(until) = world.life.background(world.now) else { panic!("nothing to wait for") };
    assert_eq!(until.since(world.now), minute / 2, "it would look in again and again");
    assert_eq!(world.life.attention(), until, "each reader would look in");
}

/// The flight after an abandoned one kept its distance from a start that never was.
#[test]
fn flight_abandoned_before_it_began_does_not_delay_the_next() {
    let mut world = World::new(RefreshPolicy::default(), 0.5);
    for op in [Op::Read { life: Duration::ZERO }, Op::Attempt] {
        world.apply(&op);
    }
    world.apply(&Op::Answer(Answer::Token { lifetime: Duration::from_secs(3600), repeats: false, awaited: true }));
    let Read::Join(Some(forced)) = world.life.force(world.now) else { panic!("nothing was started") };
    assert_eq!(forced.delay, Duration::from_secs(1));
    assert_eq!(world.life.rejected("invented-0", world.now), Rejection::Accepted);
    let Read::Join(Some(next)) = world.life.read(world.now, Want::default()) else { panic!("nothing was started") };
    assert_eq!(next.delay, Duration::from_secs(1), "one request was sent, and the next waits for two intervals");
}

/// A suspend while a flight kept its distance left it a tenth of a second for its request.
#[test]
fn flight_that_begins_late_has_all_of_its_time_and_the_next_keeps_its_distance_from_it() {
    let mut world = World::new(RefreshPolicy::default(), 0.5);
    for op in [Op::Read { life: Duration::ZERO }, Op::Attempt] {
        world.apply(&op);
    }
    world.apply(&Op::Answer(Answer::Token { lifetime: Duration::from_secs(3600), repeats: false, awaited: true }));
    let Read::Join(Some(start)) = world.life.force(world.now) else { panic!("nothing was started") };
    let woken = world.now + start.delay + Duration::from_secs(3600);
    let attempt = world.life.begin_attempt(start.id, woken).expect("the flight is the source's");
    assert_eq!(attempt.timeout, Duration::from_secs(8));
    world.life.lost(start.id, false, woken, 0.5);
    let Read::Join(Some(next)) = world.life.force(woken) else { panic!("nothing was started") };
    assert_eq!(next.delay, Duration::from_secs(1), "two requests within the least interval");
}
