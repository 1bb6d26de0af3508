using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.UnitTests.Agent.Endpoints;
using Meshover.UnitTests.Linux;

namespace Meshover.UnitTests.Agent.Reconciling;

/// <summary>The kernel is asked for links that it must refuse: EINVAL (22) where it knows the kind, EOPNOTSUPP (95) where it does not.</summary>
public sealed class DataplaneSelectionTests
{
    /// <summary>ENODEV: <c>meshover0</c> is not there.</summary>
    private const int NoDevice = 19;

    [Fact]
    public void Of_AutoWhereTheKernelCarriesAlready_StaysThereWhateverItAnswersJustNow()
    {
        using var machine = new FakeMachine { Refusal = new NetlinkException("create link", "wireguard", 12) }; // ENOMEM
        Assert.Equal("userspace", Of(machine));
        machine.Add("meshover0", "wireguard", LinkFlags.None);
        Assert.Equal("kernel", Of(machine));
    }

    private static string Of(FakeMachine machine)
    {
        using var wireGuard = new WireGuardNetlink(new FakeNetlinkTransport());
        var kernel = new KernelDataplane(machine, wireGuard, SysctlMemory.In("/nowhere", new KernelSysctls()), TimeProvider.System);
        return DataplaneSelection.Of(DataplaneChoice.Auto, machine, kernel, new UserspaceDataplane(new("/nowhere"), machine)).Chosen.Kind;
    }

    [Fact]
    public void Of_AutoOnAKernelThatHasBoth_IsTheKernel() => Assert.Equal(("kernel", "userspace", ""), Select(DataplaneChoice.Auto, 22, 22));

    [Fact]
    public void Of_AutoWithoutWireGuard_IsTheEngineAndSaysWhy() =>
        Assert.Equal(("userspace", "kernel", "This kernel has no WireGuard."), Select(DataplaneChoice.Auto, 95, NoDevice));

    [Fact]
    public void Of_AutoWithoutGre_IsTheEngineAndSaysWhy() =>
        Assert.Equal(("userspace", "kernel", "This kernel has no GRE."), Select(DataplaneChoice.Auto, 22, 95, NoDevice));

    [Fact]
    public void Of_AutoWithoutPermission_IsTheEngineAndSaysWhy()
    {
        var (chosen, _, reason) = Select(DataplaneChoice.Auto, 1, NoDevice);
        Assert.Equal("userspace", chosen);
        Assert.Contains("CAP_NET_ADMIN", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_WhatTheOperatorNames_IsNotAskedAbout()
    {
        Assert.Equal(("kernel", "userspace", ""), Select(DataplaneChoice.Kernel));
        Assert.Equal(("userspace", "kernel", ""), Select(DataplaneChoice.Userspace));
    }

    private static (string Chosen, string Other, string Reason) Select(DataplaneChoice choice, params int[] answers)
    {
        var transport = new FakeNetlinkTransport();
        foreach (var answer in answers)
            transport.Answer(FakeNetlinkTransport.Error(answer));
        using var netlink = new RouteNetlink(transport);
        using var wireGuard = new WireGuardNetlink(new FakeNetlinkTransport());
        var kernel = new KernelDataplane(netlink, wireGuard, SysctlMemory.In("/nowhere", new KernelSysctls()), TimeProvider.System);
        var selection = DataplaneSelection.Of(choice, netlink, kernel, new UserspaceDataplane(new("/nowhere"), netlink));
        Assert.Equal(answers.Length, transport.Requests.Count);
        return (selection.Chosen.Kind, selection.Other.Kind, selection.Reason);
    }
}
