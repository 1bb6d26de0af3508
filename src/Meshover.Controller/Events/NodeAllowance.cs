using System.Globalization;
using Meshover.Mesh.Events;

namespace Meshover.Controller.Events;

/// <summary>
/// How many events one node may cause: some at once, and then one now and then, so that a node that says another thing each second, by a defect or on purpose,
/// does not push out what is known of all the others. What is beyond is counted, and the number told. O(nodes that told something lately).
/// </summary>
internal sealed class NodeAllowance(TimeProvider time)
{
    internal const int AtOnce = 60;
    internal static readonly TimeSpan OneEach = TimeSpan.FromSeconds(10);

    /// <summary>In the long run: 240 a day, of the 20,000 in 30 days some 7,000.</summary>
    internal const int AtOnceOfADay = 240;
    internal static readonly TimeSpan OneEachOfADay = TimeSpan.FromMinutes(6);

    private readonly Dictionary<uint, Account> _accounts = [];

    /// <summary>Those of the changes that are kept, and the numbers of those that were not.</summary>
    public List<NodeChange> Admit(IEnumerable<NodeChange> changes)
    {
        var now = time.GetTimestamp();
        foreach (var account in _accounts.Values)
            account.Refill(time.GetElapsedTime(account.At, now), now);
        var admitted = new List<NodeChange>();
        foreach (var change in changes)
            Admit(change, now, admitted);
        foreach (var (node, account) in _accounts)
        {
            // When it is quiet again.
            if (account.Left > 0 && account.IsQuiet && account.TryTake(1))
                admitted.Add(account.TellLeft(node, time.GetUtcNow()));
            account.IsQuiet = true;
        }
        foreach (var (node, _) in _accounts.Where(account => account.Value.IsFull))
            _accounts.Remove(node);
        return admitted;
    }

    private void Admit(NodeChange change, long now, List<NodeChange> admitted)
    {
        if (!_accounts.TryGetValue(change.Node, out var account))
            _accounts[change.Node] = account = new Account { At = now };
        (account.Name, account.IsQuiet) = (change.Event.Node, false);
        if (!account.TryTake(account.Left > 0 ? 2 : 1))
        {
            account.LeaveOut();
            return;
        }
        if (account.Left > 0)
            admitted.Add(account.TellLeft(change.Node, change.Event.Time));
        admitted.Add(change);
    }

    private sealed class Account
    {
        private double _atOnce = AtOnce;
        private double _ofADay = AtOnceOfADay;

        public long At { get; set; }

        public string Name { get; set; } = "";

        /// <summary>How many were not kept, and not told yet.</summary>
        public int Left { get; private set; }

        public bool IsQuiet { get; set; }

        public bool IsFull => Left == 0 && _atOnce >= AtOnce && _ofADay >= AtOnceOfADay;

        public void Refill(TimeSpan passed, long now)
        {
            (_atOnce, _ofADay) = (Math.Min(AtOnce, _atOnce + (passed / OneEach)), Math.Min(AtOnceOfADay, _ofADay + (passed / OneEachOfADay)));
            At = now;
        }

        public bool TryTake(int count)
        {
            if (_atOnce < count || _ofADay < count)
                return false;
            (_atOnce, _ofADay) = (_atOnce - count, _ofADay - count);
            return true;
        }

        public void LeaveOut() => Left++;

        public NodeChange TellLeft(uint node, DateTimeOffset now)
        {
            var told = new MeshEvent
            {
                Time = now,
                Kind = EventKinds.EventsDropped.Name,
                Node = Name,
                Subject = Left.ToString(CultureInfo.InvariantCulture),
                Text = "It changes more often than is kept of one node.",
            };
            Left = 0;
            return new NodeChange(node, told);
        }
    }
}
