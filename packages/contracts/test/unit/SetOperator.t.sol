// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract RefusesValue {
    receive() external payable {
        revert("no");
    }
}

contract SetOperatorTest is MarketFixture {
    function test_authorisesForwardsTheFloatAndTells() public {
        vm.deal(user, 1 ether);
        vm.expectEmit(address(market));
        emit IMarketEvents.OperatorSet(user, userAgent, 3, T0 + 9, 0.25 ether);
        vm.prank(user);
        market.setOperator{value: 0.25 ether}(userAgent, PREPARE | CHALLENGE, T0 + 9);
        (uint8 scopes, uint256 expiresAt) = market.operatorOf(user, userAgent);
        vm.assertEq(scopes, 3);
        vm.assertEq(expiresAt, T0 + 9);
        vm.assertEq(userAgent.balance, 0.25 ether);
        vm.assertEq(address(market).balance, 0);
        vm.assertEq(user.balance, 0.75 ether);
    }

    function test_worksWithoutAFloat() public {
        vm.prank(user);
        market.setOperator(userAgent, PREPARE, T0);
        (uint8 scopes, uint256 expiresAt) = market.operatorOf(user, userAgent);
        vm.assertEq(scopes, PREPARE);
        vm.assertEq(expiresAt, T0);
    }

    function test_anOwnerHasSeveralOperatorsAndAnOperatorSeveralOwners() public {
        _authorise(user, userAgent, PREPARE);
        _authorise(user, minerAgent, CHALLENGE);
        _authorise(miner, userAgent, REFUSE);
        (uint8 a,) = market.operatorOf(user, userAgent);
        (uint8 b,) = market.operatorOf(user, minerAgent);
        (uint8 c,) = market.operatorOf(miner, userAgent);
        (uint8 d,) = market.operatorOf(miner, minerAgent);
        vm.assertEq(abi.encode(a, b, c, d), abi.encode(PREPARE, CHALLENGE, REFUSE, 0));
    }

    function test_scopesZeroRevokes() public {
        _authorise(user, userAgent, PREPARE);
        vm.expectEmit(address(market));
        emit IMarketEvents.OperatorSet(user, userAgent, 0, 0, 0);
        vm.prank(user);
        market.setOperator(userAgent, 0, T0 + WEEK);
        (uint8 scopes, uint256 expiresAt) = market.operatorOf(user, userAgent);
        vm.assertEq(scopes + expiresAt, 0);
    }

    function test_revokingWithValueIsRefused() public {
        vm.deal(user, 1);
        _expect(abi.encodeWithSelector(IMarketErrors.UnexpectedValue.selector, 0, 1));
        vm.prank(user);
        market.setOperator{value: 1}(userAgent, 0, 0);
    }

    function test_scopesAreFourBits() public {
        vm.prank(user);
        market.setOperator(userAgent, 15, T0);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownScopes.selector, 15, 16));
        vm.prank(user);
        market.setOperator(userAgent, 16, T0);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownScopes.selector, 15, 257));
        vm.prank(user);
        market.setOperator(userAgent, 257, T0);
    }

    function test_expiryIsNowOrLaterAndFits() public {
        uint256 max = type(uint40).max;
        _expect(abi.encodeWithSelector(IMarketErrors.ExpiryOutOfRange.selector, T0, max, T0 - 1));
        vm.prank(user);
        market.setOperator(userAgent, 1, T0 - 1);
        _expect(abi.encodeWithSelector(IMarketErrors.ExpiryOutOfRange.selector, T0, max, max + 1));
        vm.prank(user);
        market.setOperator(userAgent, 1, max + 1);
        vm.prank(user);
        market.setOperator(userAgent, 1, max);
    }

    function test_anOperatorActsUntilItsExpiryNotLater() public {
        uint256 orderId = _preparing();
        uint256 expiry = T0 + 1000;
        vm.prank(user);
        market.setOperator(userAgent, PREPARE, expiry);
        vm.warp(expiry - 1);
        _prepare(userAgent, orderId, USER, root, SIZE);
        vm.warp(expiry);
        _prepare(userAgent, orderId, USER, root, SIZE);
        vm.warp(expiry + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.OperatorExpired.selector, expiry, expiry + 1));
        _prepare(userAgent, orderId, USER, root, SIZE);
    }

    function test_nobodyAndOneselfAreNoOperators() public {
        _expect(abi.encodeWithSelector(IMarketErrors.BadOperator.selector, address(0)));
        vm.prank(user);
        market.setOperator(address(0), 1, T0);
        _expect(abi.encodeWithSelector(IMarketErrors.BadOperator.selector, user));
        vm.prank(user);
        market.setOperator(user, 1, T0);
    }

    function test_aFloatThatIsNotTakenRevertsEverything() public {
        address refuser = address(new RefusesValue());
        vm.deal(user, 1);
        _expect(abi.encodeWithSelector(IMarketErrors.GasFloatFailed.selector, refuser, 1));
        vm.prank(user);
        market.setOperator{value: 1}(refuser, 1, T0);
        (uint8 scopes,) = market.operatorOf(user, refuser);
        vm.assertEq(scopes, 0);
        vm.assertEq(user.balance, 1);
        // Without a float the same contract may be an operator.
        vm.prank(user);
        market.setOperator(refuser, 1, T0);
    }
}
