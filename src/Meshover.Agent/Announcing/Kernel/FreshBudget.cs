namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// How many addresses one hardware address may bring within a minute as fresh, and so take away from other nodes: a machine has a few, and one that
/// claims a whole prefix is to pull nothing.
/// </summary>
internal sealed class FreshBudget
{
    public const int Most = 16;
    public static readonly TimeSpan Within = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Account> _accounts = new(StringComparer.Ordinal);

    /// <summary>Those who brought more within the last minute.</summary>
    public IEnumerable<string> Exceeded => _accounts.Where(account => account.Value.IsExceeded).Select(account => account.Key).Order(StringComparer.Ordinal);

    /// <param name="hardwareAddress">Whose.</param>
    /// <param name="now">Of a clock that never goes back.</param>
    /// <returns>False: it has had its share.</returns>
    public bool TryTake(string hardwareAddress, TimeSpan now)
    {
        if (!_accounts.TryGetValue(hardwareAddress, out var account))
            _accounts[hardwareAddress] = account = new Account();
        account.Forget(now);
        if (account.Taken.Count < Most)
        {
            account.Taken.Enqueue(now);
            return true;
        }
        account.ExceededAt = now;
        return false;
    }

    /// <summary>Forgets what is older than a minute.</summary>
    public void Forget(TimeSpan now)
    {
        foreach (var (hardwareAddress, account) in _accounts)
        {
            account.Forget(now);
            if (account is { Taken.Count: 0, IsExceeded: false })
                _accounts.Remove(hardwareAddress);
        }
    }

    private sealed class Account
    {
        public Queue<TimeSpan> Taken { get; } = new();
        public TimeSpan? ExceededAt { get; set; }
        public bool IsExceeded => ExceededAt is not null;

        public void Forget(TimeSpan now)
        {
            while (Taken.TryPeek(out var oldest) && now - oldest > Within)
                Taken.Dequeue();
            if (now - ExceededAt > Within)
                ExceededAt = null;
        }
    }
}
