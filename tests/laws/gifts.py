"""What operators of rewards had set up before the story: gifts, a month to choose in, a lottery."""

from shared.contracts.partitioning import partition_of
from tests.laws.stories import COMMUNITY

GIFTS_ARE_OFFERED = f"""
    INSERT INTO gift (community_id, gift_id, kind, name, cost, for_award, for_points, by_webhook,
                      needs_address, stock, reserved)
    VALUES ('tea', 'mug', 'virtual', 'Mug', 0, true, true, false, false, 9, 2);
    INSERT INTO month (community_id, month, state, closes_at)
    VALUES ('tea', '2024-02-01', 'choosing', '2024-03-01T16:00Z');
    INSERT INTO month_result (community_id, month, closed_at, candidates, score_version, evidence_hash)
    VALUES ('tea', '2024-02-01', '2024-03-01T16:00Z', 1, 1, '');
    INSERT INTO prize (community_id, month, member_id, rank, state, offered, choose_by)
    VALUES ('tea', '2024-02-01', 'hal', 1, 'choosing', '{{mug}}', '2024-03-08T16:00Z');
    INSERT INTO month_stock (community_id, month, gift_id, units) VALUES ('tea', '2024-02-01', 'mug', 1);
    INSERT INTO redemption (redemption_id, community_id, member_id, gift_id, points, state, month,
                            reserved_at, expires_at)
    VALUES ('018e0c00-0000-8000-8000-000000000001', 'tea', 'hal', 'mug', 0, 'reserved', '2024-03-01',
            '2024-03-04T16:00Z', '2024-03-07T16:00Z');
    INSERT INTO account (community_id, member_id, kind, balance)
    VALUES ('tea', '', 'issuer', -5), ('tea', '', 'promised', 5), ('tea', '', 'gift_budget', 0);
    INSERT INTO giveaway (giveaway_id, community_id, kind, points, shares, seed, commitment, state,
                          opened_at, closes_at, opened_by, reason)
    VALUES ('018e0c00-0000-8000-8000-000000000002', 'tea', 'lottery', 5, 1, '\\x01', '', 'open',
            '2024-03-04T16:00Z', '2024-03-06T16:00Z', 'olivia', 'festival');
    INSERT INTO giveaway_entry (giveaway_id, member_id, entered_at)
    VALUES ('018e0c00-0000-8000-8000-000000000002', 'hal', '2024-03-04T17:00Z');
    INSERT INTO member_level (community_id, member_id, level, change, grace_until)
    VALUES ('tea', 'hal', 1, 1, '2024-03-09T16:00Z');
    INSERT INTO referral (community_id, invitee_id, inviter_id, joined_at, state)
    VALUES ('tea', 'gil', 'hal', '2024-03-01T16:00Z', 'waiting');
    INSERT INTO timers (community_id, kind, key, due_at, payload, after, partition)
    SELECT 'tea', kind, key, due_at, '{{}}', '{{}}', {partition_of(COMMUNITY)}
    FROM (VALUES ('gift_choice', '2024-02:hal', timestamptz '2024-03-08T16:00Z'),
                 ('redemption_expiry', '018e0c00-0000-8000-8000-000000000001', '2024-03-07T16:00Z'),
                 ('giveaway_end', '018e0c00-0000-8000-8000-000000000002', '2024-03-06T16:00Z'),
                 ('level_grace', 'hal', '2024-03-09T16:00Z'),
                 ('referral_due', 'gil', '2024-03-08T16:00Z')) AS t (kind, key, due_at);
"""
