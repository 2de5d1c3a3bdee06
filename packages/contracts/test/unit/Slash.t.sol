// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {OrderState, OrderView, Parameters} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract SlashTest is MarketFixture {
    uint256 private constant USER_SHARE = PLEDGE * 5_000 / 10_000;
    uint256 private constant REWARD = PLEDGE * 500 / 10_000;

    function test_theUserIsPaidTheReporterRewardedTheRestBurned() public {
        uint256 orderId = _challenged();
        _skip(DAY + 1);
        uint256 supply = token.totalSupply();
        uint256 toUser = COST + RESERVE + USER_SHARE;
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderSlashed(orderId, other, toUser, REWARD, PLEDGE - USER_SHARE - REWARD);
        vm.prank(stranger);
        market.slash(orderId, other);
        vm.assertEq(market.credit(user), toUser);
        vm.assertEq(market.credit(other), REWARD);
        vm.assertEq(market.credit(stranger), 0);
        vm.assertEq(market.credit(miner), 0);
        vm.assertEq(supply - token.totalSupply(), PLEDGE - USER_SHARE - REWARD);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(uint256(order.state), uint256(OrderState.Slashed));
        vm.assertEq(order.escrow + order.pledge + order.reserve + order.challenge.bond, 0);
        _assertSolvent();
    }

    function test_whatWasNotClaimedGoesBackToTheUser() public {
        uint256 orderId = _active();
        vm.warp(T0 + 3 * WEEK);
        market.claim(orderId);
        vm.assertEq(market.credit(miner), 2 * WEEK_PRICE);
        vm.warp(T0 + 5 * WEEK);
        vm.prank(user);
        market.challenge(orderId, 0);
        _skip(DAY + 1);
        market.slash(orderId, user);
        vm.assertEq(market.credit(miner), 2 * WEEK_PRICE);
        vm.assertEq(market.credit(user), 6 * WEEK_PRICE + RESERVE + USER_SHARE + REWARD);
        _assertSolvent();
    }

    function test_onlyAfterTheDeadline() public {
        uint256 orderId = _challenged();
        uint256 deadline = T0 + DAY;
        uint256[3] memory early = [T0, deadline - 1, deadline];
        for (uint256 i = 0; i < early.length; ++i) {
            vm.warp(early[i]);
            _expect(abi.encodeWithSelector(IMarketErrors.AnswerNotLate.selector, deadline, early[i]));
            market.slash(orderId, stranger);
        }
        vm.warp(deadline + 1);
        market.slash(orderId, stranger);
    }

    function test_onlyWithAnOpenChallenge() public {
        uint256 orderId = _active();
        _skip(100 * WEEK);
        _expect(abi.encodeWithSelector(IMarketErrors.NoChallenge.selector, orderId));
        market.slash(orderId, stranger);
        uint256 second = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        market.slash(second, stranger);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 3));
        market.slash(3, stranger);
    }

    function test_once() public {
        uint256 orderId = _challenged();
        _skip(DAY + 1);
        market.slash(orderId, stranger);
        bytes memory wrong =
            abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Slashed);
        _expect(wrong);
        market.slash(orderId, stranger);
        _skip(100 * WEEK);
        _expect(wrong);
        market.finish(orderId);
        _expect(wrong);
        market.claim(orderId);
        bytes memory leaf = tree.leafOf(SEED + 3);
        bytes32[] memory path = tree.pathOf(SEED, LEAVES, DEPTH, 3);
        _expect(wrong);
        market.answer(orderId, leaf, path);
        _assertSolvent();
    }

    function test_longAfterTheEndStill() public {
        uint256 orderId = _active();
        vm.warp(T0 + WEEKS * WEEK);
        vm.prank(user);
        market.challenge(orderId, 0);
        _skip(500 * WEEK);
        market.slash(orderId, stranger);
        vm.assertEq(market.credit(user), COST + RESERVE + USER_SHARE);
        _assertSolvent();
    }

    function test_operatorsOfEitherSideEarnNothing() public {
        uint256 orderId = _challenged();
        _authorise(user, userAgent, ENDPOINT);
        vm.prank(miner);
        market.setOperator(minerAgent, REFUSE, T0);
        _skip(DAY + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.RewardToOperator.selector, user, userAgent));
        vm.prank(userAgent);
        market.slash(orderId, userAgent);
        // Expired is still an operator; revoked is not.
        _expect(abi.encodeWithSelector(IMarketErrors.RewardToOperator.selector, miner, minerAgent));
        market.slash(orderId, minerAgent);
        vm.prank(miner);
        market.setOperator(minerAgent, 0, 0);
        // Agents name their owner.
        vm.prank(userAgent);
        market.slash(orderId, user);
        vm.assertEq(market.credit(userAgent), 0);
        vm.assertEq(market.credit(user), COST + RESERVE + USER_SHARE + REWARD);
        _assertSolvent();
    }

    function test_aRevokedKeyIsNoOperator() public {
        uint256 orderId = _challenged();
        _authorise(miner, minerAgent, REFUSE);
        vm.prank(miner);
        market.setOperator(minerAgent, 0, 0);
        _skip(DAY + 1);
        market.slash(orderId, minerAgent);
        vm.assertEq(market.credit(minerAgent), REWARD);
    }

    function test_aSideCannotBlockTheOthersRewardByAuthorisingIt() public {
        uint256 orderId = _challenged();
        _authorise(miner, user, ENDPOINT);
        _skip(DAY + 1);
        market.slash(orderId, user);
        vm.assertEq(market.credit(user), COST + RESERVE + USER_SHARE + REWARD);
    }

    function test_theMinersOwnWalletMayReport() public {
        uint256 orderId = _challenged();
        _authorise(user, miner, CHALLENGE);
        _skip(DAY + 1);
        market.slash(orderId, miner);
        vm.assertEq(market.credit(miner), REWARD);
        _assertSolvent();
    }

    function test_nobodyAndTheMarketGetNoReward() public {
        uint256 orderId = _challenged();
        _skip(DAY + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.BadRewardAddress.selector, address(0)));
        market.slash(orderId, address(0));
        _expect(abi.encodeWithSelector(IMarketErrors.BadRewardAddress.selector, address(market)));
        market.slash(orderId, address(market));
    }

    function test_theWholePledgeSharedBurnsNothing() public {
        Parameters memory p = _defaults();
        (p.userShare, p.reporterShare) = (9_000, 1_000);
        market = _deployMarket(address(token), p);
        vm.prank(miner);
        token.approve(address(market), type(uint256).max);
        vm.prank(user);
        token.approve(address(market), type(uint256).max);
        uint256 orderId = _challenged();
        _skip(DAY + 1);
        uint256 supply = token.totalSupply();
        uint256 share = PLEDGE * 9_000 / 10_000;
        uint256 reward = PLEDGE * 1_000 / 10_000;
        market.slash(orderId, stranger);
        vm.assertEq(market.credit(user), COST + RESERVE + share);
        vm.assertEq(market.credit(stranger), reward);
        // What is left is what the two floors left.
        vm.assertEq(supply - token.totalSupply(), PLEDGE - share - reward);
        _assertSolvent();
    }

    function test_theReserveThatWasToppedUpGoesToTheUser() public {
        uint256 orderId = _challenged();
        vm.prank(stranger);
        market.topUp(orderId, 7);
        _skip(DAY + 1);
        market.slash(orderId, stranger);
        vm.assertEq(market.credit(user), COST + RESERVE + 7 * BOND + USER_SHARE);
        _assertSolvent();
    }
}
