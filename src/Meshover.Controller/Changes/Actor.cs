namespace Meshover.Controller.Changes;

/// <summary>Who changes something.</summary>
/// <param name="Text">As people are told, e.g. <c>root (uid 0, pid 4711)</c>, <c>node 7</c>.</param>
internal sealed record Actor(string Text)
{
    /// <summary>The controller itself: what it plans, tidies up or reads from its configuration.</summary>
    public static readonly Actor Controller = new("controller");

    /// <summary>Somebody on this machine whose process the kernel could not name.</summary>
    public static readonly Actor Unknown = new("somebody on this machine");

    public static Actor Node(uint id) => new($"node {id}");

    /// <summary>A machine that is no member yet, by the thumbprint of its identity key.</summary>
    public static Actor Newcomer(string identity) => new($"identity {identity}");

    /// <summary>A process of this machine, as the kernel says; a pid of 0 is one of another container.</summary>
    public static Actor Process(uint uid, int pid) => new($"{(uid == 0 ? "root" : "user")} (uid {uid}, pid {pid})");

    /// <summary>Somebody who signed in to the console.</summary>
    public static Actor Console(string name, string from) => new($"{name} (console, from {from})");

    /// <summary>Whoever runs a command of the controller's own.</summary>
    public static Actor Command() => new($"{Environment.UserName} (pid {Environment.ProcessId})");
}
