// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestBase} from "../helpers/TestBase.sol";
import {BillHandler, ChallengeHandler, ChaosHandler, OrderHandler, SettleHandler} from "./Handlers.sol";
import {ReenteringOperator, World} from "./World.sol";

/// @notice The invariants at the head of Market.sol, after every call of random lives: 8 wallets, 4 operators (one takes
/// no value, one calls back), every act, warps and unsolicited transfers. scripts/test.ts prints how many calls of each
/// handler succeeded, and fails below 1,000.
contract MarketInvariantTest is TestBase {
    World private world;
    address[] private handlers;

    function setUp() public {
        world = new World();
        handlers.push(address(new BillHandler(world)));
        handlers.push(address(new OrderHandler(world)));
        handlers.push(address(new ChallengeHandler(world)));
        handlers.push(address(new SettleHandler(world)));
        handlers.push(address(new ChaosHandler(world)));
    }

    function targetContracts() public view returns (address[] memory) {
        return handlers;
    }

    /// @dev 1 and 2, 7's bookkeeping included: exactly, after every call.
    function invariant_moneyAddsUpAndNothingForbiddenHappened() public view {
        for (uint256 i = 0; i < world.violationCount(); ++i) {
            vm.assertEq(world.violations(i), "nothing forbidden");
        }
        (uint256 tracked, uint256 expected, uint256 balance) = world.sums();
        vm.assertEq(tracked, expected, "tracked total");
        vm.assertEq(balance, tracked + world.unsolicited(), "token balance");
        vm.assertEq(address(world.MARKET()).balance, 0, "coins were left behind");
        vm.assertFalse(ReenteringOperator(payable(world.operators(3))).gotIn());
    }

    /// @dev 7: wherever a life ended, time and anybody's calls empty the Market.
    function afterInvariant() public {
        vm.assertEq(world.drain(), 0, "dust");
    }
}
