using System.Net.Http.Headers;
using k8s.Authentication;

namespace Meshover.Kube.Clusters;

/// <summary>A bearer token in a file that somebody else renews (the kubelet, for a pod's service account): read anew for each call, of which there are few.</summary>
internal sealed class FileToken(string path) : ITokenProvider
{
    /// <exception cref="ClusterException">It cannot be read, or is empty.</exception>
    public async Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
    {
        try
        {
            var token = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
            return token.Length > 0 && !token.Any(char.IsControl) ? new AuthenticationHeaderValue("Bearer", token) : throw new ClusterException(ClusterFault.Unconfigured, $"cannot be asked, as {path} holds no token");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException(ClusterFault.Unconfigured, $"cannot be asked, as the token cannot be read: {e.Message}", e);
        }
    }
}
