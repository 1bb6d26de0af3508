using System.Collections.Immutable;
using Meshover.Controller.Administration;
using Meshover.Controller.Membership;
using Meshover.Mesh.Ways;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Controller;

/// <summary>Where the ways between pairs end that do not reach each other, by what the nodes on them say.</summary>
public sealed class BrokenWaysTests
{
    private readonly TestMesh _mesh = new();
    private readonly uint _a, _b, _c;
    private readonly Asked _asked;

    public BrokenWaysTests()
    {
        (_a, _b, _c) = (_mesh.Enrol("a").Id, _mesh.Enrol("b").Id, _mesh.Enrol("c").Id);
        _asked = new Asked(id => _mesh.State.Nodes[id].Record.Address6);
    }

    [Fact]
    public async Task Pair_IsToldWithTheHopWhereEachDirectionEnds()
    {
        _asked.Leads(_a, _c);
        _asked.Ends(_c);
        _asked.Leads(_b, _a);
        var told = await TellAsync(Problem(_a, _b, "a b"));
        Assert.Equal("Broken. a to b: It ends at c: no route leads to b there. b to a: routes lead there by b, a; packets are lost between these.", told.Single().Text);
    }

    [Fact]
    public async Task Routes_ThatLeadThere_SayBetweenWhichNodesPacketsAreLost()
    {
        _asked.Leads(_a, _b);
        _asked.Leads(_b, _a);
        var told = await TellAsync(Problem(_a, _b, "a b"));
        Assert.Contains("a to b: routes lead there by a, b; packets are lost between these.", told.Single().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_ThatCannotBeAsked_SaysWhy()
    {
        _asked.Refuse = "It is too old.";
        var told = await TellAsync(Problem(_a, _b, "a b"), Problem(_a, _c, "a c"));
        Assert.All(told, one => Assert.Contains("It is too old.", one.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Node_ThatHangs_TakesNothingFromTheOthers()
    {
        _asked.Silent = _a;
        _asked.Ends(_b);
        _asked.Ends(_c);
        // By a clock that runs: when a question is asked is nobody's to say.
        var told = await new BrokenWays(_mesh.State, _asked, TimeProvider.System).TellAsync(
            [Problem(_a, _b, "a b"), Problem(_a, _c, "a c"), Problem(_a, _b, "a b"), Problem(_b, _c, "b c")], CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.All(told.Take(3), one => Assert.Contains("It gave no answer within 2 s.", one.Text, StringComparison.Ordinal));
        Assert.All(told, one => Assert.Matches("It ends at [bc]", one.Text));
        Assert.InRange(_asked.Questions, 6, 7); // two pairs at a time may both ask the one that hangs
    }

    [Fact]
    public async Task PairsBeyondSixteen_AndOtherProblems_AskNobody()
    {
        _asked.Ends(_a);
        _asked.Ends(_b);
        var many = Enumerable.Range(0, 20).Select(_ => Problem(_a, _b, "a b")).Prepend(new CheckProblem("version-skew", "a", "Other.")).ToArray();
        var told = await TellAsync(many);
        Assert.Equal("Other.", told[0].Text);
        Assert.Equal(16, told.Count(one => one.Text.Contains("It ends at a", StringComparison.Ordinal)));
        Assert.Equal(4, told.Count(one => one.Text.EndsWith("`meshover why a b` names the hop where it ends.", StringComparison.Ordinal)));
        Assert.Equal(32, _asked.Questions);
    }

    [Fact]
    public async Task Nodes_ThatDoNotAnswerInTime_HoldNobodyUpForLong()
    {
        _asked.IsSilent = true;
        var time = new FakeTimeProvider();
        var telling = new BrokenWays(_mesh.State, _asked, time).TellAsync([Problem(_a, _b, "a b")], CancellationToken.None);
        time.Advance(BrokenWays.Within);
        var told = (await telling.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)).Single().Text;
        Assert.True(told.Contains("`meshover why a b` names the hop where it ends.", StringComparison.Ordinal) || told.Contains("It gave no answer within 2 s.", StringComparison.Ordinal), told);
    }

    private Task<ImmutableArray<CheckProblem>> TellAsync(params CheckProblem[] problems) =>
        new BrokenWays(_mesh.State, _asked, new FakeTimeProvider()).TellAsync([.. problems], CancellationToken.None);

    private static CheckProblem Problem(uint a, uint b, string subject) => new("unreachable-pair", subject, "Broken.") { Pair = (a, b) };

    /// <summary>Nodes with one route each.</summary>
    private sealed class Asked(Func<uint, string> addressOf) : IWayAsker
    {
        private readonly Dictionary<uint, uint> _next = [];
        private int _questions;

        public int Questions => _questions;

        public string Refuse { get; set; } = "";

        public bool IsSilent { get; set; }

        /// <summary>One that hangs.</summary>
        public uint Silent { get; set; }

        public void Leads(uint node, uint next) => _next[node] = next;

        public void Ends(uint node) => _next[node] = 0;

        public async Task<WayStep> StepAsync(uint id, string node, string to, string from, CancellationToken cancel)
        {
            Interlocked.Increment(ref _questions);
            if (IsSilent || Silent == id)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
            if (Refuse.Length > 0)
                throw new RefusalException(RefusalReason.Unanswered, Refuse);
            if (to == addressOf(id))
                return new WayStep(id, node, WayKind.Here, 0, "", "", null);
            var next = _next[id];
            return new WayStep(id, node, next == 0 ? WayKind.Refused : WayKind.Link, next, "", "", null);
        }
    }
}
