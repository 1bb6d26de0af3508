using System.Net;
using Meshover.Agent.Trust;
using Meshover.Mesh.Map;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>What commands ask for, held against what this node may do before anything is changed.</summary>
internal sealed class AnnouncementDesk(DeclaredAnnouncements declared, AgentLoop loop, IdentityKeeper identities, TimeProvider time)
{
    /// <summary>For a first check to say something.</summary>
    private static readonly TimeSpan FirstWord = TimeSpan.FromSeconds(2);

    /// <param name="text">A mapping of YAML, as in the settings.</param>
    /// <param name="lifetime">Null: until it is withdrawn.</param>
    /// <param name="replaces">What a command declared of the same prefix; else that stays, and this is refused.</param>
    /// <param name="cancellationToken">Waits no longer; it stays declared.</param>
    /// <returns>How it stands, once its check has said something.</returns>
    /// <exception cref="AgentException">It cannot be: why.</exception>
    public async Task<DeclaredStatus> AnnounceAsync(string text, TimeSpan? lifetime, bool replaces, CancellationToken cancellationToken)
    {
        DeclaredAnnouncement of;
        try
        {
            of = AnnouncementReader.ReadOne(text);
            of.Check?.RequireProgram();
        }
        catch (FormatException e)
        {
            throw new AgentException(e.Message, e);
        }
        Require(of.Prefix);
        declared.Announce(text, lifetime, replaces);
        var begun = time.GetTimestamp();
        while (true)
        {
            var status = declared.Current.Declared.FirstOrDefault(one => one.Prefix == of.Prefix)
                ?? throw new AgentException($"{of.Prefix} was withdrawn again meanwhile, or its time was over.");
            if (status.IsAnnounced || (status.Reason.Length > 0 && status.Reason != Checks.CheckVerdict.NotChecked) || time.GetElapsedTime(begun) > FirstWord)
                return status;
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }
    }

    /// <exception cref="AgentException">It cannot be: why.</exception>
    public void Withdraw(string text)
    {
        IPNetwork prefix;
        try
        {
            prefix = AnnouncementReader.Prefix(text);
        }
        catch (FormatException e)
        {
            throw new AgentException(e.Message, e);
        }
        declared.Withdraw(prefix);
    }

    private void Require(IPNetwork prefix)
    {
        var state = loop.State;
        if (state.Announcements.Merge().FirstOrDefault(asked => asked.Announcement.Prefix == prefix) is { IsConfigured: true })
            throw new AgentException($"{prefix} is in the settings (announce), which announces it on no condition: take it out there first.");
        MeshNode me = identities.Current.Numbers is { } numbers && state.Map?.Nodes.GetValueOrDefault(numbers.Id) is { } known
            ? known
            : throw new AgentException("This node has no map of the mesh yet, so that nobody knows what it may announce: `meshover status` says why.");
        if (!me.Grants.Any(grant => grant.Covers(prefix)))
        {
            throw new AgentException($"{prefix} is not granted to this node, and others would refuse it: nothing is announced. An administrator grants it with "
                + $"`meshover grant add {me.HostName} {prefix}`.");
        }
    }
}
