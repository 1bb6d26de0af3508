using Meshover.Cli.CommandLine;
using Meshover.Cli.Keys;
using Meshover.Contract.V1;

namespace Meshover.UnitTests.Cli;

public sealed class FollowedKeyChangeTests
{
    private readonly FollowedKeyChange _followed = new(new RotateKeyResponse { NewKey = "second" });

    [Fact]
    public void Take_FromBeginningToEnd_EndsWhenEverybodyThatIsReachedHasTheKey()
    {
        Assert.Null(_followed.Take(Status("first", Change("second", "prepared"))));
        Assert.Null(_followed.Take(Status("first", Change("second", "declared"))));
        Assert.Null(_followed.Take(Status("second", Change("first", "in-use", missing: "n3"))));
        Assert.Contains("waiting for n3", _followed.State, StringComparison.Ordinal);

        var result = _followed.Take(Status("second", Change("first", "in-use")))!;
        Assert.Equal(("second", false, false, 1u, 2u), (result.PublicKey, result.Joined, result.Complete, result.Agreed, result.Peers));
    }

    [Fact]
    public void Take_TheFormerKeyIsGivenUp_IsComplete() => Assert.True(_followed.Take(Status("second", change: null))!.Complete);

    [Fact]
    public void Take_AnotherChangeFollowsWhileOursIsInUse_FollowsThatToItsEnd()
    {
        Assert.Null(_followed.Take(Status("second", Change("third", "prepared"))));

        var result = _followed.Take(Status("third", Change("second", "in-use")))!;
        Assert.Equal(("third", true), (result.PublicKey, result.Joined));
    }

    [Fact]
    public void Take_AnotherChangeIsInUseAlready_FollowsThat() =>
        Assert.Equal("third", _followed.Take(Status("third", Change("second", "in-use")))!.PublicKey);

    [Fact]
    public void Take_GivenUp_SaysWhy()
    {
        var status = Status("first", change: null);
        status.KeyChangeProblem = "The controller refused it.";

        Assert.Equal(status.KeyChangeProblem, Assert.Throws<CliException>(() => _followed.Take(status)).Message);
    }

    [Fact]
    public void Take_TheDataplaneIsNotWell_Waits()
    {
        var status = Status("second", Change("first", "in-use"));
        status.Dataplane.State = "starting";

        Assert.Null(_followed.Take(status));
    }

    private static AgentStatus Status(string key, KeyChange? change) =>
        new() { PublicKey = key, KeyChange = change, Dataplane = new ComponentStatus { State = "ok" } };

    private static KeyChange Change(string other, string stage, params string[] missing) =>
        new() { OtherKey = other, Stage = stage, Peers = 2, Agreed = 1, Missing = { missing } };
}
