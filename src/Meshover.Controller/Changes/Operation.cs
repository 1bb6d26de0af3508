namespace Meshover.Controller.Changes;

/// <summary>What can be done to the mesh, one for each kind of change.</summary>
/// <param name="Name">For programs, e.g. <c>node.remove</c>; it never changes.</param>
/// <param name="Words">For people: the reason of who gives none.</param>
/// <param name="IsRoutine">It follows from other changes, from reports, from time or from what members do to themselves; nobody who administers decided it.</param>
internal sealed record Operation(string Name, string Words, bool IsRoutine = false)
{
    public static readonly Operation Initialise = new("mesh.init", "the mesh was made");
    public static readonly Operation Restore = new("store.restore", "a backup was restored");
    public static readonly Operation RotateKey = new("key.rotate", "tokens have a new signing key");
    public static readonly Operation BeginAuthority = new("authority.begin", "a new authority was made");
    public static readonly Operation FinishAuthority = new("authority.finish", "the new authority was put into use");
    public static readonly Operation CreateToken = new("token.create", "a join token was made");
    public static readonly Operation RevokeToken = new("token.revoke", "a join token was revoked");
    public static readonly Operation CreateConsoleToken = new("console-token.create", "a token for the console was made");
    public static readonly Operation RevokeConsoleToken = new("console-token.revoke", "a token for the console was revoked");
    public static readonly Operation SignIn = new("console-token.use", "a sign-in link was used");
    public static readonly Operation EndSessions = new("console-session.end", "sessions of the console were ended");
    public static readonly Operation RemoveNode = new("node.remove", "a node was removed");
    public static readonly Operation RenameNode = new("node.rename", "a node was renamed");
    public static readonly Operation AllowNode = new("node.allow", "a removed node may join again");
    public static readonly Operation TagNode = new("node.tag", "a node has other tags");
    public static readonly Operation DrainNode = new("node.drain", "a node was told that it is to be left");
    public static readonly Operation UndrainNode = new("node.undrain", "a node was told to take part again");
    public static readonly Operation AnnounceAtNode = new("node.announce", "a node was told to announce a prefix");
    public static readonly Operation WithdrawAtNode = new("node.withdraw", "a node was told to announce a prefix no more");
    public static readonly Operation RefuseOrder = new("node.refuse", "the node did not do what it was told");
    public static readonly Operation UnansweredOrder = new("node.unanswered", "the node has not said whether it did what it was told");
    public static readonly Operation AddGrant = new("grant.add", "a prefix was granted");
    public static readonly Operation RemoveGrant = new("grant.remove", "a grant was withdrawn");
    public static readonly Operation AddAddress = new("address.add", "a node was given a further address, or its note");
    public static readonly Operation RemoveAddress = new("address.remove", "a further address was taken from a node");
    public static readonly Operation Enrol = new("node.enrol", "a machine joined");
    public static readonly Operation Adopt = new("node.adopt", "a node came back by its credential after a restore");
    public static readonly Operation Leave = new("node.leave", "a node signed off");
    public static readonly Operation FollowConfiguration = new("mesh.settings", "the controller's configuration says so");

    /// <summary>A member does so as often as it likes.</summary>
    public static readonly Operation UpdateNode = new("node.update", "a node changed its name or its keys", IsRoutine: true);

    /// <summary>Where nodes are and which of them are transit nodes: it follows from what they report.</summary>
    public static readonly Operation Plan = new("map.plan", "nodes reported a change", IsRoutine: true);
    public static readonly Operation Tidy = new("store.tidy", "its time was up", IsRoutine: true);
}
