namespace Meshover.Controller.Configuration;

/// <summary>A console that runs apart: the flags of <c>console</c>, and <c>/etc/meshover/console.yaml</c>, under the same names.</summary>
internal sealed record ApartConfig
{
    public const string DefaultFile = "/etc/meshover/console.yaml";
    public const int DefaultPort = 12917;

    /// <summary>ADDRESS:PORT; default: port 12917 of all addresses, IPv6 and IPv4.</summary>
    public string? Listen { get; set; }

    /// <summary>The controller's admin socket; default: that of a controller on this machine.</summary>
    public string? Socket { get; set; }

    /// <summary>The operator's own certificate chain (PEM); default: one that is made at each start.</summary>
    public string? Certificate { get; set; }

    /// <summary>Its private key (PEM).</summary>
    public string? Key { get; set; }

    /// <summary>As in <c>controller.yaml</c>; in the file only.</summary>
    public ConsoleConfig? Console { get; set; }
}
